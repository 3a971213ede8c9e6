import { durationText } from '../../cli/values/duration.ts'
import { isPlaceholder } from '../../token/placeholders.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { userIdRules } from '../../token/user-id.ts'

const added = (before: readonly string[] = [], after: readonly string[] = []) =>
  after.filter((entry) => !before.includes(entry))

const few = (entries: readonly string[]) => {
  const shown = entries.slice(0, 5).map((entry) => JSON.stringify(entry))
  return shown.join(', ') + (entries.length > 5 ? ` and ${entries.length - 5} more` : '')
}

/** A change of which userIds are accepted: who would become one visitor, and who would get no token. */
function userIdEffects(before: ProfileSettings, after: ProfileSettings): string[] {
  const effects: string[] = []
  const rules = userIdRules(after)
  const merging = added(before.allowedUserIds, after.allowedUserIds)
  const placeholders = merging.filter((id) => isPlaceholder(id, { ...rules, allowed: new Set() }))
  if (placeholders.length > 0) {
    effects.push(
      `MERGES VISITORS: ${few(placeholders)} looks like what broken code sends for everybody. All visitors who get that ` +
        "id read each other's conversations.",
    )
  }
  const useless = merging.filter((id) => !placeholders.includes(id))
  if (useless.length > 0) {
    effects.push(`${few(useless)} is no placeholder: allowing it changes nothing.`)
  }
  const noLongerAllowed = added(after.allowedUserIds, before.allowedUserIds)
  const locked = [...added(before.userIdPlaceholders, after.userIdPlaceholders), ...noLongerAllowed]
  if (locked.length > 0) {
    effects.push(`LOCKS OUT the visitors, if any, whose userId is ${few(locked)}.`)
  }
  const opened = added(after.userIdPlaceholders, before.userIdPlaceholders)
  if (opened.length > 0) {
    effects.push(`MERGES VISITORS if code sends ${few(opened)} in place of an id: it is no longer refused.`)
  }
  if (before.userIdPattern !== after.userIdPattern) {
    if (after.userIdPattern !== undefined) {
      effects.push(
        'LOCKS OUT every visitor whose userId does not match the new userIdPattern: they get no token ' +
          '(user_id_pattern_mismatch). Try it on ids of your own first.',
      )
    }
    if (before.userIdPattern !== undefined) {
      effects.push(
        'Ids that the old userIdPattern refused may be accepted: look that none stands for many visitors.',
      )
    }
  }
  return effects
}

function sharedUserIdEffects(before: ProfileSettings, after: ProfileSettings): string[] {
  const effects: string[] = []
  const [old, current] = [before.sharedUserId, after.sharedUserId]
  if (current?.refuse === true && old?.refuse !== true) {
    effects.push(
      'LOCKS OUT the visitors of a userId that is in too many requests, while its alarm lasts (409).',
    )
  }
  if (current?.share === 1 && old?.share !== 1) {
    effects.push('sharedUserId.share 1 turns off the alarm for one id that many visitors get.')
  }
  return effects
}

function tokenEffects(before: ProfileSettings, after: ProfileSettings): string[] {
  const effects: string[] = []
  if (before.issuer !== after.issuer) {
    effects.push(
      'iAdvize refuses the tokens of every visitor until it knows the new issuer: change it when your contact says so.',
    )
  }
  const [old, current] = [before.tokenTtlSeconds, after.tokenTtlSeconds]
  if (current > old && current > 60) {
    effects.push(
      `A token that leaks can be used for ${durationText(current)}; iAdvize recommends one minute. It cannot be revoked.`,
    )
  }
  if (current < old) {
    effects.push(
      `Tokens issued before this live on for up to ${durationText(old)}: retire no key before that.`,
    )
  }
  const headers = JSON.stringify(before.jwsHeader) !== JSON.stringify(after.jwsHeader)
  if (headers || (before.jti !== after.jti && after.jti === true)) {
    effects.push(
      'What iAdvize makes of `kid`, `typ` or `jti` is not documented: try it on a test site first.',
    )
  }
  return effects
}

function callerEffects(before: ProfileSettings, after: ProfileSettings): string[] {
  const [come, gone] = [added(before.callers, after.callers), added(after.callers, before.callers)]
  return [
    ...(come.length > 0 ? [`${few(come)} may name any visitor of this profile, whatever its scope.`] : []),
    ...(gone.length > 0 ? [`${few(gone)} gets no more tokens here (403), unless its scope says so.`] : []),
  ]
}

/** What a change of a profile does to its visitors, one sentence each. Both settings are valid ones. */
export function effectsOf(before: ProfileSettings, after: ProfileSettings): string[] {
  return [
    ...userIdEffects(before, after),
    ...sharedUserIdEffects(before, after),
    ...tokenEffects(before, after),
    ...callerEffects(before, after),
  ]
}
