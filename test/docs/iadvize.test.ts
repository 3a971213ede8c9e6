import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readPublicKey } from '../../src/keys/public-key.ts'
import { keyFingerprint, rsaThumbprint } from '../../src/keys/rsa-public-key.ts'
import { demoRun } from '../support/demo.ts'
import { docsBlock } from '../support/documents.ts'
import { blocksOf } from '../support/readme.ts'

// docs/iadvize.md: what stands in it runs in the demo, whose stand-in for the tag behaves as it says.

const root = join(import.meta.dirname, '../..')
const page = new URL('../../docs/iadvize.md', import.meta.url)
const text = await readFile(page, 'utf8')
const demoFile = (name: string) => readFile(join(root, 'dev/demo/shop', name), 'utf8')

/** As iAdvize published it on the date that the page gives. */
const publishedKey =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1KdAzuUa5rOXgLHavoDRYoNXzwWz/pFhgGypYFbvV8DNjB93XK2AzKTwW+vxT7RYl4f+sKLdEi3dJYgPt2hquhTNmFxAzRvTuolUOKr1XNx7QbDj+7cfLVDYjmds/ydNtyHi8TUHSvfzs8SGXO5E5H13llmayPEslHKShG0cLIDcLNr6hJcfv9fvOZqQlLQ4Bx7to/66IHke9zY+1oidrUdFGzxXG+RGK81mIMuXj6N2EGJ7YYcQqXJfBJnWFlSGCQNttw5Rfj00eZbkMRO3XohhNqGIiBG2tejSjfB53UpiHdbzni+tyB72R5aaq4d+gkkgaOVYn/Or2fArOH2FUQIDAQAB'

t.test('the fingerprint is that of the published key', async (t) => {
  const { key } = readPublicKey(publishedKey)
  t.equal((await docsBlock('iadvize.md', 'fingerprint')).trim(), keyFingerprint(key))
  t.match(text, rsaThumbprint(key))
  const hexadecimal = Buffer.from(keyFingerprint(key).slice('sha256:'.length), 'base64').toString('hex')
  t.match(text, hexadecimal)
})

t.test('the demo’s pages run the page’s own scripts', async (t) => {
  for (const name of ['anonymous.js', 'log-out.js']) {
    t.equal(await demoFile(name), await docsBlock('iadvize.md', name), name)
  }
})

t.test('the stand-in for the tag says what the page says that the tag says', async (t) => {
  const tag = await demoFile('tag.js')
  const reasons = Array.from(
    text.matchAll(/^\| `([^`]+)` \| .* \| .* \|$/gm),
    ([, reason]) => reason as string,
  )
  t.equal(reasons.length, 5)
  const said = reasons.filter((reason) => tag.includes(reason))
  t.equal(said.length, 4, 'all but the one whose cause is not documented')
})

t.test('what is not compiled here says so, and every other block is in this test', async (t) => {
  for (const [name, { language }] of await blocksOf(page)) {
    const before = text.slice(0, text.indexOf(`\`\`\`${language} ${name}\n`)).trimEnd()
    const marked = /\(not compiled here\)[^\n]*$/.test(before)
    t.equal(marked, ['kotlin', 'swift', 'tsx', 'dart'].includes(language), name)
  }
  t.strictSame(
    [...(await blocksOf(page)).keys()].filter((name) => !/^[A-Z]/.test(name)),
    ['fingerprint', 'anonymous.js', 'log-out.js', 'spa.js', 'content-security-policy'],
  )
})

t.test('every link leads to a file', async (t) => {
  for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
    if (!/^(https:|#)/.test(target)) {
      await t.resolves(stat(join(root, 'docs', target.split('#', 1)[0] as string)), target)
    }
  }
})

t.test('in a single-page application, in a real Chromium', async (t) => {
  const { url, browser } = await demoRun(t)
  const context = await browser.newContext()
  t.teardown(() => context.close())
  const spa = await context.newPage()
  const policy = (await docsBlock('iadvize.md', 'content-security-policy')).trim()
  const [field = '', value = ''] = policy.split(/: (.*)/s)
  const script = await docsBlock('iadvize.md', 'spa.js')
  await spa.route('**/spa*', (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: script })
      : route.fulfill({
          contentType: 'text/html',
          headers: { [field.replace('-Report-Only', '')]: value },
          body: '<!doctype html><html lang="en"><title>SPA</title><script type="module" src="/assets/tag.js"></script>',
        }),
  )
  const calls: string[] = []
  spa.on('request', (request) => {
    if (request.method() === 'POST') {
      calls.push(new URL(request.url()).pathname)
    }
  })
  await spa.goto(`${url}/spa`)
  /** Runs in the page, beside what the application's own code would do. */
  const run = (code: string) =>
    spa.evaluate(`(async () => { const { showChat } = await import('/spa.js'); ${code} })()`)
  const shopLogIn = (visitor: string) =>
    run(
      `const body = new URLSearchParams({ visitor: '${visitor}' });
       await fetch('/shop/log-in', { method: 'POST', body, redirect: 'manual' }); await fetch('/shop')`,
    )
  const since = () => calls.splice(0).filter((path) => !path.startsWith('/shop'))

  t.equal(await run('return showChat()'), true)
  t.strictSame(since(), ['/iadvize/anonymous'])
  await shopLogIn('jane')
  t.strictSame(await run("return Promise.all([showChat('jane'), showChat('jane')])"), [true, true])
  t.equal(await run("return showChat('jane')"), true, 'at a change of page')
  t.strictSame(since(), ['/chat-token', '/iadvize/authentication'], 'one activation for one visitor')

  const twice = await run(
    `const iAdvize = await new Promise((resolve) => window.iAdvizeInterface.push(resolve));
     return (await iAdvize.activate(async () => undefined)).authentication.reason`,
  )
  t.equal(twice, "Can't activate twice, please logout first")

  await shopLogIn('amadou')
  t.equal(await run("return showChat('amadou')"), true)
  t.strictSame(since(), ['/iadvize/log-out', '/chat-token', '/iadvize/authentication'])
  await run(`await fetch('/shop/log-out', { method: 'POST', redirect: 'manual' })`)
  t.equal(await run('return showChat()'), true)
  t.strictSame(since(), ['/iadvize/log-out', '/iadvize/anonymous'])

  t.equal(await run("return showChat('nobody')"), false, 'a session that is gone gives no token')
  t.equal(since().filter((path) => path === '/chat-token').length, 4, 'the tag tries 3 times more')
  await shopLogIn('lin')
  t.equal(await run("return showChat('lin')"), true, 'and the next change of page tries again')

  const reasons = await run(
    `const iAdvize = await new Promise((resolve) => window.iAdvizeInterface.push(resolve));
     await iAdvize.logout();
     const [wrong, ongoing] = await Promise.all([iAdvize.activate(async () => 'eyJ'), iAdvize.activate(async () => 'eyJ')]);
     const refused = await iAdvize.activate(async () =>
       ({ authenticationOption: { type: 'SECURED_AUTHENTICATION', token: 'eyJ' } }));
     return [wrong, ongoing, refused].map(({ authentication }) => authentication.reason)`,
  )
  t.strictSame(reasons, [
    'A valid authentication option must be provided',
    'An activation is already ongoing',
    'Failed to fetch authentication with a server error',
  ])
})
