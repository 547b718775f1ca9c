/**
 * A program that reads the ISPs' pages for senders over and over, as a dashboard on the MTA's side of the seal would, and keeps
 * what they said last. Its arguments: the folder in which the run's folder is, and the file to write.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepMs } from '../../src/core/clock.ts';
import { readPage } from './sender-pages.ts';

const [runs = '', file = ''] = process.argv.slice(2);
const PAGES = {
  google: ['gmailpostmastertools.googleapis.com', '/v1/domains/news.sender.test/trafficStats'],
  microsoft: ['sendersupport.olc.protection.outlook.com', '/snds/data.aspx?key=0'],
} as const;

for (;;) {
  await sleepMs(200);
  try {
    const [run = ''] = readdirSync(runs);
    const ca = readFileSync(join(runs, run, 'ca.pem'), 'utf8');
    const answers: Record<string, unknown> = {};
    for (const [name, [host, path]] of Object.entries(PAGES)) {
      answers[name] = await readPage({ host, path, ca });
    }
    writeFileSync(`${file}.part`, JSON.stringify(answers));
    renameSync(`${file}.part`, file);
  } catch (error) {
    // They may not be there yet.
    writeFileSync(`${file}.trouble`, String(error));
  }
}
