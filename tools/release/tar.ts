import { createHash } from 'node:crypto'

const BLOCK = 512
const TYPES: Record<string, string> = {
  '0': 'file',
  '1': 'hard link',
  '2': 'link',
  '3': 'character device',
  '4': 'block device',
  '5': 'folder',
  '6': 'fifo',
}
/** Records of pax that are in another field here, or a time. */
const ELSEWHERE = /^(path|linkpath|size|uid|gid|[amc]time|LIBARCHIVE\.creationtime)$/

/**
 * What is in a tar archive (POSIX ustar and pax, as container engines export): each path from `/` with a line of its type,
 * mode, owner, link, device, extended attributes and a SHA-256 of its content. Times are left out.
 *
 * @throws Error where the archive is cut off or holds an entry of another form
 */
export function filesOfTar(tar: Buffer): Map<string, string> {
  const files = new Map<string, string>()
  let pax = new Map<string, string>()
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) {
      return files
    }
    const text = (from: number, length: number) =>
      header.toString('utf8', from, from + length).split('\0', 1)[0] as string
    const octal = (from: number, length: number) => {
      const digits = text(from, length).trim()
      if (!/^[0-7]*$/.test(digits)) {
        throw new Error(`The archive has a number that is not octal, at byte ${at + from}.`)
      }
      return Number.parseInt(digits || '0', 8)
    }
    const kind = text(156, 1) || '0'
    const size = Number(pax.get('size') ?? octal(124, 12))
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    if (content.length < size) {
      break
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (kind === 'x') {
      pax = paxRecords(content)
      continue
    }
    const type = TYPES[kind]
    if (type === undefined || text(257, 8) !== 'ustar') {
      throw new Error(`The archive has an entry of a form that is not known: ${JSON.stringify(kind)}.`)
    }
    const prefix = text(345, 155)
    const path = pax.get('path') ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
    const link = pax.get('linkpath') ?? text(157, 100)
    const attributes = [...pax].filter(([name]) => !ELSEWHERE.test(name)).sort()
    const line = {
      type,
      mode: (octal(100, 8) & 0o7777).toString(8),
      owner: `${pax.get('uid') ?? octal(108, 8)}:${pax.get('gid') ?? octal(116, 8)}`,
      ...(link === '' ? {} : { link }),
      ...(type.endsWith('device') ? { device: `${octal(329, 8)}:${octal(337, 8)}` } : {}),
      ...(attributes.length === 0 ? {} : { attributes }),
      ...(type === 'file' ? { sha256: createHash('sha256').update(content).digest('hex') } : {}),
    }
    files.set(`/${path.replace(/^(\.?\/)+|^\.$/, '').replace(/\/$/, '')}`, JSON.stringify(line))
    pax = new Map()
  }
  throw new Error('The archive is cut off.')
}

/** Records "length key=value\n", the length in bytes and of the whole record (POSIX.1-2001, pax). */
function paxRecords(content: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString('latin1', at, at + 20), 10)
    const record = /^\d+ ([^=]+)=(.*)\n$/s.exec(content.toString('utf8', at, at + length))
    if (record === null) {
      throw new Error('The archive has a pax record of a form that is not known.')
    }
    records.set(record[1] as string, record[2] as string)
    at += length
  }
  return records
}

/** One hash over files, sorted by path. */
export function hashOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const path of [...files.keys()].sort()) {
    hash.update(`${path}\0${files.get(path)}\n`)
  }
  return hash.digest('hex')
}
