import { runTests } from './tap-run.ts'

// Runs every program of examples/ with what it is written in, and the generators of clients. Arguments are test files.

const named = process.argv.slice(2)

await runTests({
  files: named.length > 0 ? named : ['test/examples'],
  programs: {
    openssl: 'openssl',
    go: 'golang-go',
    javac: 'default-jdk-headless',
    mvn: 'maven',
    php: {
      package: 'php-cli php-curl php-symfony-framework-bundle php-symfony-http-client',
      check: [
        '-r',
        'extension_loaded("curl") || exit(1);' +
          'require "Symfony/Bundle/FrameworkBundle/autoload.php"; require "Symfony/Component/HttpClient/autoload.php";',
      ],
    },
    python3: { package: 'python3-venv', check: ['-c', 'import ensurepip, venv'] },
    ruby: {
      package: 'ruby ruby-sinatra ruby-jwt puma',
      check: ['-e', 'require "sinatra/base"; require "jwt"; require "puma"'],
    },
  },
  options: ['--timeout=600', '--jobs=2'],
  summaryFile: '.tap/summary-examples',
})
