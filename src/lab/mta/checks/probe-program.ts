/** Knocks at the doors that stdin lists (JSON) from the MTA's own machine, and prints the answers (JSON). */
import { readFileSync, writeSync } from 'node:fs';
import { proveSealed } from '../../ground/seal.ts';
import { type Probe, tryDoor } from './probe.ts';

proveSealed();
const probes = JSON.parse(readFileSync(0, 'utf8')) as Probe[];
writeSync(1, JSON.stringify(await Promise.all(probes.map(tryDoor))));
