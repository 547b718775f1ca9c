import { Command } from 'commander';
import type { CommandIo } from '../io.ts';
import { k6ExportCommand } from './k6-export.ts';
import { k6GateCommand } from './k6-gate.ts';

/** `windtunnel k6 …` */
export function k6Command(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('k6')
    .description('carry out the k6 loads of a scenario on more machines than this one')
    .addCommand(k6ExportCommand(io))
    .addCommand(k6GateCommand(io, setExitCode));
}
