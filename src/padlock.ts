// What an installed `padlock` begins with. It is alone in its file, and so old that every Node can read it.
const [major] = process.versions.node.split('.')
if (Number(major) < 24) {
  process.stderr.write(
    `padlock needs Node.js 24 or newer; this is ${process.version}, at ${process.execPath}.\n`,
  )
  process.exitCode = 2
} else {
  await import('./main.ts')
}
