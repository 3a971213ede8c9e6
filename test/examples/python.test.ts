import { join } from 'node:path'
import t from 'tap'
import { checkRenewal, checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { shortenLife, workspace } from './harness/workspace.ts'

// Packages come from their registry the first time.
const space = await workspace(t)
const cwd = await space.copy('python')
await space.run(cwd, 'python3', '-m', 'venv', 'venv')
const command = join(cwd, 'venv/bin/python')
const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:']
await space.run(cwd, command, ...install, '--requirement', 'requirements.txt')
const programs = {
  FastAPI: ['-m', 'uvicorn', 'fastapi_shop:app', '--port', '{port}'],
  Django: ['django_shop.py', 'runserver', '--noreload', '{port}'],
}

for (const [name, args] of Object.entries(programs)) {
  t.test(name, async (t) => checkShop(t, await startShop(t, { command, args, cwd, env: space.env }), space))
}

t.test('a JWT of its own', async (t) => {
  await shortenLife(join(cwd, 'padlock_token.py'))
  const shop = await startShop(t, { command, args: programs.FastAPI, cwd, env: space.env })
  await checkRenewal(t, shop, space)
})
