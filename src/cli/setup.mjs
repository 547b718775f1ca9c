// What `npm start`, `npm test`, `npm run bench` and `npm run build` share. It needs nothing but Node: it installs the
// dependencies where they are missing or older than the lock file, compiles, and goes on to what was asked for.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [verb, ...rest] = process.argv.slice(2);

requireNode();
installIfNeeded();
// A run that flies from dist would lose it, so that nothing else may build meanwhile without need.
if (verb === 'build' || !isBuilt()) build();
if (verb === 'start') {
  // npm goes to the package's folder; what is named on the command line is seen from where npm was called.
  process.exitCode =
    rest.length > 0
      ? await start(rest, process.env.INIT_CWD ?? root)
      : await start(['run', join('scenarios', 'quickstart.yaml')], root);
} else if (verb === 'test') {
  process.exitCode = test(rest);
} else if (verb === 'bench') {
  process.exitCode = node(['--enable-source-maps', join('dist', 'test', 'bench', 'main.js'), ...rest]);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`windtunnel needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(106);
}

function installIfNeeded() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lock).digest('hex')} node ${process.versions.node.split('.')[0]}\n`;
  const stamp = join(root, 'node_modules', '.windtunnel-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('windtunnel: installing dependencies (npm ci) …');
  const code = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
  });
  if (code !== 0) process.exit(code);
  writeFileSync(stamp, wanted);
}

function build() {
  // dist is cleared first: a test whose source is gone must not run again.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  mkdirSync(join(root, 'dist'));
  const wanted = sources();
  const code = node(['node_modules/typescript/bin/tsc', '--pretty']);
  if (code !== 0) process.exit(code);
  writeFileSync(join(root, 'dist', '.windtunnel-built'), wanted);
}

function isBuilt() {
  const stamp = join(root, 'dist', '.windtunnel-built');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sources();
}

/** A hash of all that the compiler reads. */
function sources() {
  const hash = createHash('sha256');
  const files = ['src', 'fakes', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => join(folder, file)),
  );
  for (const file of ['package-lock.json', 'tsconfig.json', ...files])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Lists the test files itself, since `node --test` takes folders differently from one Node to the next. */
function test(args) {
  const flags = args.filter((a) => a.startsWith('-'));
  const chosen = testFiles(args);
  if (chosen.length === 0) return 2;
  return node([
    '--test',
    '--test-reporter=spec',
    // Half of a test's time is spent waiting for a run. Three files at once fit too, but then tests of pace go wrong.
    '--test-concurrency=2',
    // Of a whole file: the scenarios take four minutes on an idle machine.
    '--test-timeout=600000',
    '--enable-source-maps',
    ...flags,
    ...chosen,
  ]);
}

/** Compiled tests whose path holds one of the words given, or all of them. */
function testFiles(args) {
  const words = args.filter((a) => !a.startsWith('-'));
  const files = readdirSync(join(root, 'dist', 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
    .map((file) => join('dist', 'test', file));
  if (files.length === 0) console.error(`windtunnel: nothing matches ${words.join(' ')}`);
  return files;
}

/**
 * Runs the program and leaves it to it what a signal means. A terminal's Ctrl-C reaches it anyway, npm passes the same one
 * on to here once more; SIGTERM comes to npm alone.
 */
function start(args, cwd) {
  const program = join(root, 'dist', 'src', 'cli', 'bin.js');
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`windtunnel: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function node(args) {
  return run(process.execPath, args);
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(`windtunnel: ${command}: ${error.message}`);
  return status ?? (signal === 'SIGINT' ? 130 : 1);
}
