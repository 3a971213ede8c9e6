import { type Command, Option } from 'commander'
import { SigningKeyNameSchema } from '../../token/profile.ts'
import { signingKeyTypes } from '../../vault/transit-keys.ts'
import { operatorCommand, withChangeOptions } from '../command.ts'
import { asOperator, type OperatorOptions } from '../operator.ts'
import { checked, profileName, tokenTtl, versionNumber } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import { type CreateOptions, createProfile } from './create.ts'
import { type DeleteOptions, removeProfile } from './delete.ts'
import { type Edit, edit } from './edits.ts'
import { fieldsHelp } from './fields.ts'
import { type RollbackOptions, rollbackProfile } from './rollback.ts'
import { type UpdateOptions, updateProfile } from './update.ts'

/** `--set`, `--unset`, `--add`, `--remove`, kept in one list in the order in which they are given. */
function withEdits(made: Command): Command {
  const edits: Edit[] = []
  const option = (flags: string, description: string, kind: Edit['kind']) =>
    new Option(flags, description).argParser((value) => {
      edits.splice(0, edits.length, ...edit(kind)(value, edits))
      made.setOptionValue('edit', [...edits])
      return value
    })
  return made
    .addOption(
      option('--set <field=value>', 'set a field; can be given many times, as the next three', 'set'),
    )
    .addOption(option('--unset <field>', 'take a field away: its default holds', 'unset'))
    .addOption(option('--add <field=value>', 'add an entry to a list', 'add'))
    .addOption(option('--remove <field=value>', 'remove an entry from a list', 'remove'))
    .option(
      '--from <file>',
      'take the fields from JSON, as `profile show --output json` prints it; - is standard input',
    )
}

/** `padlock profile create`. */
export function createCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'create',
    {
      description: 'make a profile, and its signing key where there is none',
      text: `The signing key is made in Vault and can never be exported; one that exists is adopted, if it is fit. Then the public key
is printed, to hand to your iAdvize contact: wait for the answer before the first token goes out.

${fieldsHelp()}`,
      examples: [
        'padlock profile create shop --issuer https://shop.example --recipient-key iadvize.pub',
        'padlock profile create shop --issuer https://shop.example --recipient-key - --add callers=shop-backend < iadvize.pub',
      ],
    },
    terminal,
  )
    .argument('<profile>', 'its name: part of the URL', profileName)
    .option('--issuer <iss>', '`iss` claim agreed with iAdvize')
    .requiredOption('--recipient-key <file>', "iAdvize's public key; - reads standard input")
    .addOption(
      new Option('--key <name>', 'transit key, "padlock-…" (default: padlock-<profile>)').argParser(
        checked(
          SigningKeyNameSchema,
          'The name must be "padlock-" and lower-case letters, digits and hyphens.',
        ),
      ),
    )
    .addOption(
      new Option('--key-type <type>', 'kind of a new key (default: rsa-2048)').choices(signingKeyTypes),
    )
    .addOption(
      new Option(
        '--key-version <number>',
        'version to pin of a key that exists (default: the newest)',
      ).argParser(versionNumber),
    )
    .addOption(new Option('--ttl <time>', 'life of a token (default: 60)').argParser(tokenTtl))
  return withChangeOptions(withEdits(made)).action(
    (profile: string, options: OperatorOptions & CreateOptions) =>
      asOperator(terminal, options, (operator) => createProfile(operator, profile, options)),
  )
}

/** `padlock profile update`. */
export function updateCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'update',
    {
      description: 'change the settings of a profile',
      text: `It shows what changes and asks. When somebody else has changed the profile meanwhile, nothing is written and you see what
they changed. --from replaces all fields below with those of the file, and then applies --set and the like. The pinned key
version and the recipient keys are never changed here: \`padlock key\` and \`padlock recipient\` do that.

${fieldsHelp()}`,
      examples: [
        'padlock profile update shop --set tokenTtlSeconds=90s --add callers=shop-backend',
        "padlock profile update shop --set 'userIdPattern=[0-9a-f-]{36}' --dry-run",
        'padlock profile update shop --unset sharedUserId --yes',
        'padlock profile show shop --output json > shop.json; $EDITOR shop.json; padlock profile update shop --from shop.json',
      ],
    },
    terminal,
  ).argument('<profile>', 'its name', profileName)
  return withChangeOptions(withEdits(made)).action(
    (profile: string, options: OperatorOptions & UpdateOptions) =>
      asOperator(terminal, options, (operator) => updateProfile(operator, profile, options)),
  )
}

/** `padlock profile delete`. */
export function deleteCommand(terminal: Terminal): Command {
  return operatorCommand(
    'delete',
    {
      description: 'delete a profile: its visitors get no token any more',
      text: 'You type its name to confirm. `rollback` brings it back; the signing key stays in Vault.',
      examples: ['padlock profile delete shop', 'padlock profile delete shop --confirm shop'],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('--confirm <name>', "the profile's name once more, for scripts")
    .action((profile: string, options: OperatorOptions & DeleteOptions) =>
      asOperator(terminal, options, (operator) => removeProfile(operator, profile, options)),
    )
}

/** `padlock profile rollback`. */
export function rollbackCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'rollback',
    {
      description: 'go back to earlier settings, or bring a deleted profile back',
      text: `Without --to, to the newest earlier version that has other settings. The pinned key version and the recipient keys stay as
they are now. Vault keeps ten versions, unless the store was told to keep more. In scripts give --to: run again, it changes
nothing.`,
      examples: ['padlock profile rollback shop', 'padlock profile rollback shop --to 3 --dry-run'],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .addOption(
      new Option('--to <version>', 'version whose settings to take (see `profile show --history`)').argParser(
        versionNumber,
      ),
    )
  return withChangeOptions(made).action((profile: string, options: OperatorOptions & RollbackOptions) =>
    asOperator(terminal, options, (operator) => rollbackProfile(operator, profile, options)),
  )
}
