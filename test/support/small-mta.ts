/** A program that takes mail in and delivers none, and that fails in the way that its second argument names. The first is its port. */
import { SMTPServer } from 'smtp-server';

const [port = '0', trouble = 'none'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Messages that it takes before it dies of the next. */
const LIFE = 20;
let taken = 0;

say(`small MTA: starting on port ${port}`);
if (trouble === 'broken') {
  say('small MTA: line 3 of the configuration: unknown directive "qeue"');
  process.exit(1);
}
const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData(stream, _session, callback) {
    stream.resume().on('end', () => {
      if (trouble === 'dies' && taken === LIFE) {
        say('small MTA: fatal: no slot left for message 21');
        process.exit(3);
      }
      taken++;
      callback(null, 'queued');
    });
  },
});
server.on('error', (error: NodeJS.ErrnoException) => {
  // Clients that go away are no concern of an MTA.
  if (error.syscall !== 'listen') return;
  say(`small MTA: fatal: ${error.message}`);
  process.exit(1);
});
if (trouble === 'deaf') setInterval(() => {}, 1e6);
else server.listen(Number(port), '127.0.0.1', () => say('small MTA: listening'));
