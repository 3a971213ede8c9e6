import type { IssuedRecord } from '../../issuance/issuance-record.ts'
import { type SubjectKey, subjectPseudonym } from '../../token/subject.ts'

/** Finds the tokens of one visitor, by the version of the key that each line names. */
export class SubjectSearch {
  readonly tokens: IssuedRecord[] = []
  /** tokens whose visitor cannot be known: without a subject, or, by version, without their key */
  withoutSubject = 0
  readonly withoutKey = new Map<number, number>()
  readonly #userId: string
  readonly #profile: string | undefined
  readonly #keys: ReadonlyMap<number, SubjectKey>
  readonly #pseudonyms = new Map<string, string>()

  /** @param profile the only one to look at; all without it */
  constructor(userId: string, profile: string | undefined, keys: ReadonlyMap<number, SubjectKey>) {
    this.#userId = userId
    this.#profile = profile
    this.#keys = keys
  }

  look(record: IssuedRecord): void {
    const { profile, subject, subjectKey: version } = record
    if (this.#profile !== undefined && profile !== this.#profile) {
      return
    }
    if (subject === undefined || version === undefined) {
      this.withoutSubject += 1
      return
    }
    const key = this.#keys.get(version)
    if (key === undefined) {
      this.withoutKey.set(version, (this.withoutKey.get(version) ?? 0) + 1)
    } else if (subject === this.#pseudonym(key, profile)) {
      this.tokens.push(record)
    }
  }

  #pseudonym(key: SubjectKey, profile: string): string {
    const name = `${key.version} ${profile}`
    const known = this.#pseudonyms.get(name)
    if (known !== undefined) {
      return known
    }
    const made = subjectPseudonym(key, profile, this.#userId)
    this.#pseudonyms.set(name, made)
    return made
  }
}
