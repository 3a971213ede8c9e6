/** A SHA-256 in base64url, a thumbprint or an auditId, that happens to begin with a hyphen. */
const digest = /^-[A-Za-z0-9_-]{42}$/

/** Arguments in an order in which such a digest is not taken for an option: behind `--`. */
export function withDigestsLast(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  const before = end === -1 ? args : args.slice(0, end)
  const after = end === -1 ? [] : args.slice(end + 1)
  const last = [...before.filter((argument) => digest.test(argument)), ...after]
  const rest = before.filter((argument) => !digest.test(argument))
  return end === -1 && last.length === 0 ? rest : [...rest, '--', ...last]
}
