import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../../../dev/free-port.ts'
import { startVaultProcess, type VaultProcess } from '../../../dev/vault-process.ts'
import { findVaultBinary } from '../../../tools/vault/vault-binary.ts'
import { type VaultAnswer, vaultApi } from '../../support/vault.ts'
import { until } from '../../support/wait.ts'

const host = '127.0.0.1'

/** What the first node of a cluster was given at its initialisation. */
export interface RaftKeys {
  unsealKey: string
  rootToken: string
}

/** A real Vault server on raft storage: what it knows survives its process. */
export class RaftNode {
  readonly address: string
  readonly #binary: string
  readonly #config: string
  #process: VaultProcess | undefined
  keys: RaftKeys | undefined

  private constructor(binary: string, address: string, config: string) {
    this.#binary = binary
    this.address = address
    this.#config = config
  }

  /**
   * Writes a node's configuration into a folder of its own and starts it; it ends with the test.
   *
   * @param multiplier of raft's election times: 1 is the least that it allows for, 5 is a server's default
   */
  static async start(
    t: Pick<Test, 'teardown'>,
    dir: string,
    name: string,
    multiplier = 1,
  ): Promise<RaftNode> {
    const [port, clusterPort] = [await freePort(0, host), await freePort(0, host)]
    const data = join(dir, name)
    await mkdir(data, { recursive: true })
    const config = join(dir, `${name}.hcl`)
    // OpenBao makes audit devices over its API only where it may.
    await writeFile(
      config,
      `storage "raft" {
        path                   = "${data}"
        node_id                = "${name}"
        performance_multiplier = ${multiplier}
      }
      listener "tcp" {
        address         = "${host}:${port}"
        cluster_address = "${host}:${clusterPort}"
        tls_disable     = true
      }
      disable_mlock = true
      unsafe_allow_api_audit_creation = true
      api_addr      = "http://${host}:${port}"
      cluster_addr  = "https://${host}:${clusterPort}"`,
    )
    const { path: binary } = await findVaultBinary()
    const node = new RaftNode(binary, `http://${host}:${port}`, config)
    await node.restart()
    t.teardown(() => node.#process?.stop())
    return node
  }

  /** Three unsealed nodes, all of them voters: the first one leads. */
  static async cluster(t: Pick<Test, 'teardown'>, dir: string, multiplier = 1): Promise<RaftNode[]> {
    const first = await RaftNode.start(t, dir, 'node-1', multiplier)
    await first.initialize()
    await first.api('POST', 'sys/storage/raft/autopilot/configuration', { server_stabilization_time: '1s' })
    const nodes = [first]
    for (const name of ['node-2', 'node-3']) {
      const node = await RaftNode.start(t, dir, name, multiplier)
      await node.join(first)
      nodes.push(node)
    }
    // A node that has just joined is no voter yet, and a leader cannot be followed by one.
    await until(async () => {
      const { body } = await first.api('GET', 'sys/storage/raft/autopilot/state')
      return body.data?.voters?.length === nodes.length
    })
    return nodes
  }

  get pid(): number {
    return (this.#process as VaultProcess).pid
  }

  /** Calls `/v1/<path>` with the root token. */
  api(method: string, path: string, body?: object): Promise<VaultAnswer> {
    return vaultApi(this.address, this.keys?.rootToken ?? '')(method, path, body)
  }

  /** Starts the process, again where it has ended, and waits until it answers, sealed. */
  async restart(): Promise<void> {
    this.#process = await startVaultProcess(this.#binary, [`-config=${this.#config}`], {})
    await until(async () => (await this.health()) !== undefined)
  }

  /** Initializes a new cluster with this node, and unseals it. */
  async initialize(): Promise<RaftKeys> {
    const { body } = await this.api('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
    this.keys = { unsealKey: body.keys[0], rootToken: body.root_token }
    await this.unseal()
    return this.keys
  }

  /** Joins the cluster of another node, and unseals this one. */
  async join(leader: RaftNode): Promise<void> {
    this.keys = leader.keys
    await this.api('PUT', 'sys/storage/raft/join', { leader_api_addr: leader.address })
    await until(async () => {
      await this.api('PUT', 'sys/unseal', { key: this.keys?.unsealKey })
      return [200, 429].includes((await this.health()) ?? 0)
    })
  }

  /** Unseals the node, and waits until it answers as the active one. */
  async unseal(): Promise<void> {
    await this.api('PUT', 'sys/unseal', { key: this.keys?.unsealKey })
    await until(async () => (await this.health()) === 200)
  }

  seal(): Promise<VaultAnswer> {
    return this.api('PUT', 'sys/seal')
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    const running = this.#process as VaultProcess
    running.process.kill('SIGKILL')
    await running.exited
  }

  /** Status of `sys/health`: 200 active, 429 standby, 503 sealed (Vault API); undefined when nothing answers. */
  async health(): Promise<number | undefined> {
    const answer = await fetch(`${this.address}/v1/sys/health`, { signal: AbortSignal.timeout(500) }).catch(
      () => undefined,
    )
    await answer?.body?.cancel()
    return answer?.status
  }
}
