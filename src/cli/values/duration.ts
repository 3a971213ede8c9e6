const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** A hundred years, in seconds: more is a slip of the keyboard, and Go's durations (Vault's) end at 292 years. */
export const longestDuration = 36_500 * units.d

/**
 * `90d`, `12h`, `30m`, `45s` or a number of seconds, as whole seconds; undefined for anything else, and for more than a
 * hundred years.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12})([smhd]?)$/.exec(text)
  if (match === null) {
    return undefined
  }
  const seconds = Number(match[1]) * units[(match[2] || 's') as keyof typeof units]
  return seconds <= longestDuration ? seconds : undefined
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
