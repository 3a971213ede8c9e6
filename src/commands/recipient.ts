import { type Command, Option } from 'commander'
import { activateRecipient } from './recipient/activate.ts'
import { addRecipient } from './recipient/add.ts'
import { listRecipients } from './recipient/list.ts'
import { removeRecipient } from './recipient/remove.ts'
import { command, operatorCommand, withChangeOptions } from './command.ts'
import { asOperator, type ChangeOptions, type OperatorOptions } from './operator.ts'
import { profileName } from './option-values.ts'
import { processTerminal, type Terminal } from './terminal.ts'

const fingerprintHelp = `A fingerprint is "sha256:" and the base64 of the SHA-256 of the key's DER; whoever has the key makes it with
  openssl pkey -pubin -in iadvize.pub -outform DER | openssl dgst -sha256 -binary | openssl base64
(the "=" at its end may stay or go).`

function listCommand(terminal: Terminal): Command {
  return operatorCommand(
    'list',
    {
      description: "show a profile's recipient keys: which one is active, and who added each",
      examples: ['padlock recipient list shop', 'padlock recipient list shop --output json'],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .action((profile: string, options: OperatorOptions) =>
      asOperator(terminal, options, (operator) => listRecipients(operator, profile)),
    )
}

function addCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'add',
    {
      description: 'add a public key to a profile; tokens go on being encrypted to the active one',
      text: `The key is PEM, base64 of a DER SPKI without armour (as iAdvize publishes its own), a JWK, or an X.509 certificate.
It is RSA, of 2,048 bits or more. A private key is refused.`,
      examples: [
        'padlock recipient add shop iadvize.pub',
        'padlock recipient add shop - --yes < iadvize.pub',
      ],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .argument('<file>', 'the public key; - reads standard input')
  return withChangeOptions(made).action(
    (profile: string, file: string, options: OperatorOptions & ChangeOptions) =>
      asOperator(terminal, options, (operator) => addRecipient(operator, profile, file, options)),
  )
}

function activateCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'activate',
    {
      description: 'encrypt tokens to another of the keys that were added',
      text: `You give the fingerprint, from iAdvize and not from this command: it is typed, or passed, and --yes does not answer it.
Running instances follow within their refresh interval. If iAdvize has no private key for it, no token can be read:
activate the old one again, which was kept.

${fingerprintHelp}`,
      examples: [
        'padlock recipient activate shop',
        'padlock recipient activate shop --fingerprint sha256:ILHrw82GKGyYkRhqivSKmXnh8+LKRg5Ar4Wwprv3RFo --yes',
      ],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .argument('[thumbprint]', 'which key, where the profile has more than one that is not active')
    .addOption(new Option('--fingerprint <sha256:…>', "the key's fingerprint, as iAdvize told it to you"))
  return withChangeOptions(made).action(
    (
      profile: string,
      thumbprint: string | undefined,
      options: OperatorOptions & ChangeOptions & { fingerprint?: string },
    ) =>
      asOperator(terminal, options, (operator) => activateRecipient(operator, profile, thumbprint, options)),
  )
}

function removeCommand(terminal: Terminal): Command {
  const made = operatorCommand(
    'remove',
    {
      description: 'remove a key that is not the active one',
      examples: ['padlock recipient remove shop QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU'],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .argument('<key>', 'its thumbprint, or its fingerprint')
  return withChangeOptions(made).action(
    (profile: string, key: string, options: OperatorOptions & ChangeOptions) =>
      asOperator(terminal, options, (operator) => removeRecipient(operator, profile, key, options)),
  )
}

/** `padlock recipient …`, for the program to add. */
export function recipientCommand(terminal: Terminal = processTerminal): Command {
  return command(
    'recipient',
    {
      description: "the recipient's public keys, which tokens are encrypted to",
      text: 'A new key of iAdvize is added first, and activated when iAdvize says that it can decrypt with it.',
      examples: ['padlock recipient add shop iadvize-new.pub', 'padlock recipient activate shop'],
    },
    terminal,
  )
    .addCommand(listCommand(terminal))
    .addCommand(addCommand(terminal))
    .addCommand(activateCommand(terminal))
    .addCommand(removeCommand(terminal))
}
