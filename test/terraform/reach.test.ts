import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from './module.ts';
import { ports } from './reach.ts';

/**
 * What a function may touch is in its `Deps`, whose calls `permissions.test.ts` compares with its rights. Nothing goes round
 * them: no variable that Terraform does not set, no address that no port has.
 */

const filesOf = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const functions = filesOf('functions');
const having = (files: string[], pattern: RegExp): string[] =>
  files.filter((file) => pattern.test(read(file))).sort();

const roots = ['functions/create-chatops-deps.ts', 'functions/create-deps.ts'];

test('the environment is read where a process begins, and checked by shared/env.ts', () => {
  const asking = /\bprocess(?:\.|\?\.|\[['"])env\b|\benv\b[^;\n]*= process\b|node:process/;
  expect(having([...functions, ...filesOf('shared')], asking)).toEqual(['functions/index.ts']);
});

test('clients of Google and Slack are made in the composition roots alone; the rest knows ports', () => {
  const making =
    /^(?:import|export) (?!type\b)[^;]*?'#shared\/(?:google|slack\/(?:client|web-api)|ledger\/(?:firestore|sqlite))[/.](?!lazy\.ts)/m;
  expect(having(functions, making)).toEqual(roots);
});

test('a module is loaded while it runs only by the entry file, which chooses the function', () => {
  expect(having(functions, /\bimport\(/)).toEqual(['functions/index.ts']);
});

test('nothing is called by hand, but the Slack entry point by the doctor that tries it', () => {
  const byHand =
    /\b(?:fetch|XMLHttpRequest|WebSocket)\(|\bfetch = fetch\b|typeof fetch\b|\b(?:rest\.(?:send|call|json|find)|tokens\.\w+)\(/;
  const others = functions.filter((file) => !roots.includes(file));
  expect(having(others, byHand)).toEqual(['functions/doctor.ts', 'functions/doctor/command-url.ts']);
  const modules =
    /from '(?:node:)?(?:https?|http2|net|tls|dgram|dns|child_process|worker_threads|undici|ws|google-auth-library)(?:\/\w+)?'/;
  expect(having(functions, modules)).toEqual([]);
});

test('every port is one whose calls are looked for', () => {
  const inside = /export interface Deps \{(.*?)\n\}/s.exec(read('functions/deps.ts'))?.[1] ?? '';
  const all = [...inside.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
  // The ledger has one right for all of it. Who answers a command, and who people are, takes no right of Google's.
  const others = ['config', 'clock', 'random', 'newId', 'log', 'ledger', 'slackDirectory', 'responder'];
  expect(all.sort()).toEqual([...ports.split('|'), ...others].sort());
});
