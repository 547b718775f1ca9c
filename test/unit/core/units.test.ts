import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatDuration,
  formatRate,
  parseDuration,
  parseRate,
  parseShare,
  parseSize,
} from '../../../src/core/units.ts';

test('durations', () => {
  const rows: [string, number | undefined, string?][] = [
    ['30s', 30e6],
    ['250ms', 250e3],
    ['1h30m', 5400e6],
    ['1.5s', 1.5e6],
    ['2d', 172800e6],
    ['10m@sim', 600e6, 'sim'],
    ['10m@real', 600e6, 'real'],
    ['10', undefined],
    ['s', undefined],
    ['-3s', undefined],
    ['10 s', undefined],
    ['10m@mars', undefined],
    ['', undefined],
  ];
  for (const [text, value, clock] of rows) {
    assert.deepEqual(parseDuration(text), value === undefined ? undefined : { value, clock }, text);
  }
});

test('rates', () => {
  const rows: [string, number | undefined, string?][] = [
    ['50/s', 50],
    ['120/m', 2],
    ['120/min', 2],
    ['3600/h', 1],
    ['86400/d', 1],
    ['0/s', 0],
    ['5/s@real', 5, 'real'],
    ['50', undefined],
    ['50/x', undefined],
    ['/s', undefined],
    ['-1/s', undefined],
  ];
  for (const [text, value, clock] of rows) {
    assert.deepEqual(parseRate(text), value === undefined ? undefined : { value, clock }, text);
  }
});

test('sizes and shares', () => {
  for (const [text, bytes] of [
    ['2KB', 2000],
    ['1.5MB', 1.5e6],
    ['1KiB', 1024],
    ['512', 512],
    ['2 KB', undefined],
    ['KB', undefined],
  ] as const) {
    assert.equal(parseSize(text), bytes, text);
  }
  for (const [text, share] of [
    ['20%', 0.2],
    ['0.2', 0.2],
    ['100%', 1],
    ['0', 0],
    ['101%', undefined],
    ['1.1', undefined],
    ['x%', undefined],
  ] as const) {
    assert.equal(parseShare(text), share, text);
  }
});

test('quantities for people', () => {
  for (const [micros, text] of [
    [0, '0 s'],
    [250, '250 µs'],
    [1500, '1.5 ms'],
    [2.5e6, '2.5 s'],
    [150e6, '2 min 30 s'],
    [3600e6, '1 h'],
    [90061e6, '1 d 1 h 1 min 1 s'],
  ] as const) {
    assert.equal(formatDuration(micros), text);
  }
  for (const [perSecond, text] of [
    [300, '300/s'],
    [0.5, '30/min'],
    [1 / 3600, '1/h'],
    [1 / 86400, '1/d'],
    [0, '0/s'],
    [Number.POSITIVE_INFINITY, 'unlimited'],
  ] as const) {
    assert.equal(formatRate(perSecond), text);
  }
});
