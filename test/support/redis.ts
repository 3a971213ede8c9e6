import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Starts a real Redis server (Debian's package `redis-server`) that keeps nothing, and waits until it answers. */
export async function startRedis(t: Pick<Test, 'teardown'>, port: number): Promise<ChildProcess> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const redis = spawn('redis-server', words, { stdio: 'ignore' })
  t.teardown(async () => {
    if (redis.exitCode === null && redis.signalCode === null && redis.kill('SIGKILL')) {
      await once(redis, 'exit')
    }
  })
  while (!(await answers(port))) {
    await sleep(20)
  }
  return redis
}

/** The raw answer of a Redis server to one command. */
export async function redisCommand(port: number, ...words: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
  return text(socket)
}
