const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** `90d`, `12h`, `30m`, `45s` or a number of seconds, as whole seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * units[(match[2] || 's') as keyof typeof units]
}

/** Seconds in the largest unit that leaves no remainder: `90 days`, `1 hour`. */
export function durationText(seconds: number): string {
  const [name, size] =
    (
      [
        ['day', units.d],
        ['hour', units.h],
        ['minute', units.m],
      ] as const
    ).find(([, unit]) => seconds >= unit && seconds % unit === 0) ?? (['second', 1] as const)
  const count = seconds / size
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
