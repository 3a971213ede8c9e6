/** Wrappers inside wrappers that are opened: Loki around Docker around a syslog prefix is three. */
const mostLayers = 4
/** UTF-16 units of parts that wait for the rest of their line; as long as a line may be. */
const mostWaiting = 16 * 1024 * 1024
/** UTF-16 units before a record, as syslog, `docker compose logs` or an audit device's `prefix` puts them there. */
const longestPrefix = 1_024

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Fields in which collectors put what was logged: Docker's json-file and Fluent Bit `log`, Filebeat and other ECS
 * `message` or `event.original`, `logcli -o jsonl` `line`, journald `MESSAGE`, CloudWatch `@message`, Google Cloud
 * `textPayload` and `jsonPayload`, Splunk `_raw`, OpenTelemetry `body`, and parsers of JSON `json` or `log_processed`.
 */
const bodyFields = [
  ...['log_processed', 'json', 'log', 'message', 'line', 'MESSAGE', '@message', 'textPayload', 'jsonPayload'],
  ...['_raw', 'body'],
]

function bodyOf(value: Fields): unknown {
  for (const field of bodyFields) {
    if (Object.hasOwn(value, field)) {
      return value[field]
    }
  }
  const { event, result } = value
  if (isObject(event) && Object.hasOwn(event, 'original')) {
    return event.original
  }
  return isObject(result) ? result._raw : undefined
}

/** A record of Vault's or of Padlock's, or another line of Padlock's own log: nobody wrapped it. */
const isBare = ({ request, type, event, level, msg }: Fields) =>
  (isObject(request) && typeof type === 'string') ||
  typeof event === 'string' ||
  (level !== undefined && typeof msg === 'string')

/** The text of a body; journald gives one that it takes to be binary as an array of bytes. */
function textOfBody(body: unknown): string | undefined {
  if (typeof body === 'string') {
    return body
  }
  if (isObject(body)) {
    return JSON.stringify(body)
  }
  if (Array.isArray(body) && body.every((byte) => Number.isInteger(byte))) {
    return Buffer.from(body).toString()
  }
  return undefined
}

const says = (value: unknown, word: string) => String(value) === word

/** Whether a collector says that more of the line follows in another entry; undefined where it does not say. */
function isPart(entry: Fields): boolean | undefined {
  if (entry.logtag !== undefined || entry._p !== undefined) {
    return says(entry.logtag ?? entry._p, 'P')
  }
  if (entry.partial_message !== undefined) {
    return !says(entry.partial_last, 'true')
  }
  if (entry.CONTAINER_PARTIAL_MESSAGE !== undefined) {
    return !says(entry.CONTAINER_PARTIAL_LAST, 'true')
  }
  return says(entry._LINE_BREAK, 'line-max') ? true : undefined
}

/** What distinguishes the parts of one line from those of others in the same file. */
const sourceOf = ({ stream, container_id, partial_id, labels, kubernetes, ...entry }: Fields) =>
  JSON.stringify([
    ...[stream, container_id, partial_id, labels, kubernetes],
    ...[entry.CONTAINER_ID, entry.CONTAINER_PARTIAL_ID, entry._HOSTNAME, entry._PID],
  ])

/** Kubernetes' log format, CRI: time, stream, `P` for a part or `F`, and the text. */
const criLine = /^\S+ (stdout|stderr) ([PF])(?::\S*)? (.*)$/s

/** Takes the lines of one log out of what collectors have wrapped around them, and puts split ones together. */
export class Unwrapper {
  readonly #parts = new Map<string, string>()
  #waiting = 0
  #newest: string | undefined
  /** lines of which a part is missing, or whose text the collector left out */
  #unreadable = 0

  /** The lines that one line of the file holds: none for a part of one, and itself where nothing is wrapped around it. */
  open(line: Buffer): Buffer[] {
    this.#newest = undefined
    return this.#inner(line.toString(), 0)
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text) => Buffer.from(text))
  }

  /**
   * How many lines could not be put together; at the end of the log.
   *
   * @param mayGoOn whether what its last line began may come later
   */
  unreadable(mayGoOn: boolean): number {
    return this.#unreadable + this.#parts.size - (mayGoOn && this.#newest !== undefined ? 1 : 0)
  }

  #inner(text: string, layer: number): string {
    if (layer > mostLayers) {
      return text
    }
    if (!text.startsWith('{')) {
      return this.#withoutPrefix(text, layer)
    }
    const value = parsed(text)
    if (!isObject(value) || isBare(value)) {
      return text
    }
    const body = bodyOf(value)
    if (body === undefined) {
      return text
    }
    const inner = textOfBody(body)
    if (inner === undefined) {
      // `journalctl -o json` gives null for what is long; `--all` gives it whole.
      if (body === null) {
        this.#unreadable += 1
      }
      return text
    }
    const source = `${layer} ${sourceOf(value)}`
    const part = isPart(value)
    // Docker's json-file splits at 16 KiB, and says so by the line feed that is missing alone.
    const mayBePart = part ?? (Object.hasOwn(value, 'stream') && !inner.endsWith('\n'))
    return this.#whole(source, inner, mayBePart, part === true, layer)
  }

  #withoutPrefix(text: string, layer: number): string {
    const [, stream, tag, body] = criLine.exec(text) ?? []
    if (body !== undefined) {
      return this.#whole(`${layer} ${stream}`, body, tag === 'P', tag === 'P', layer)
    }
    const start = text.slice(0, longestPrefix).indexOf('{"')
    return start === -1 ? text : this.#inner(text.slice(start), layer + 1)
  }

  /** The line that ends with this text, or nothing where it continues. */
  #whole(source: string, text: string, mayBePart: boolean, isSaid: boolean, layer: number): string {
    const before = this.#parts.get(source) ?? ''
    const joined = before + text
    if (mayBePart && (isSaid || this.#goesOn(joined))) {
      this.#wait(source, before, joined)
      return ''
    }
    this.#drop(source, before)
    if (before !== '' && !isObject(parsed(joined)) && isObject(parsed(text))) {
      // The rest of what waited is lost, and this is a line of its own.
      this.#unreadable += 1
      return this.#inner(text.trimEnd(), layer + 1)
    }
    return this.#inner(joined.trimEnd(), layer + 1)
  }

  /** Whether a text without a line feed is the beginning of a record, and not all of one. */
  #goesOn(text: string): boolean {
    return text.includes('{"') && !(text.endsWith('}') && parsed(text.slice(text.indexOf('{'))) !== undefined)
  }

  #wait(source: string, before: string, joined: string): void {
    this.#drop(source, before)
    if (this.#waiting + joined.length > mostWaiting) {
      this.#unreadable += 1
    } else {
      this.#parts.set(source, joined)
      this.#waiting += joined.length
      this.#newest = source
    }
  }

  #drop(source: string, before: string): void {
    if (this.#parts.delete(source)) {
      this.#waiting -= before.length
    }
  }
}
