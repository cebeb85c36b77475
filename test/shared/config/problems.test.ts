import { describe, expect, it } from 'vitest';
import { file, image, problemsOf } from './hello-file.ts';

describe('a problem', () => {
  const cases: { name: string; more: string; problems: string[] }[] = [
    {
      name: 'quotes a wrong value and says what was expected',
      more: 'runtime: { memory: 512MB }',
      problems: ['5:20 runtime.memory: "512MB" — expected an amount such as 512Mi or 2Gi'],
    },
    {
      name: 'names the key that a misspelt one was meant to be',
      more: 'runtime:\n  min_instances: 1\nhealthprobe: {}',
      problems: [
        '6:3 runtime.min_instances: unknown key — did you mean minInstances?',
        '7:1 healthprobe: unknown key — did you mean healthProbe?',
      ],
    },
    {
      name: 'lists the known keys when none is near',
      more: 'slack: { colour: red }',
      problems: [
        '5:10 slack.colour: unknown key — expected one of channel, approvalsChannel, owners, onCall, runbook, quiet',
      ],
    },
    {
      name: 'of a missing key stands at its parent',
      more: 'build:\n  timeout: 5m\nsuites:\n  - title: T\n    checks:\n      - name: a',
      problems: [
        '5:1 build.source: missing — expected text',
        '10:9 suites[0].checks[0].path: missing — expected text',
      ],
    },
    {
      name: 'says when text needs quotes',
      more: 'runtime: { cpu: 1 }',
      problems: ['5:17 runtime.cpu: 1 — expected text, so put it in quotes'],
    },
    {
      name: 'names every kind of value that fits',
      more: 'suites: [{ title: T, checks: [{ name: a, path: /, expect: { json: { x: [1] } } }] }]',
      problems: [
        '5:72 suites[0].checks[0].expect.json.x: a list — expected text or a number or true or false or nothing',
      ],
    },
    {
      name: 'of a list of choices says which one was meant',
      more: 'runtime: { ingress: Internal, access: friends }',
      problems: [
        '5:21 runtime.ingress: "Internal" — expected one of all, internal, internal-and-cloud-load-balancing; did you mean internal?',
        '5:39 runtime.access: "friends" — expected one of public, private',
      ],
    },
    {
      name: 'of an empty section says that there is nothing',
      more: 'policy:',
      problems: ['5:8 policy: nothing — expected a map of keys and values'],
    },
    {
      name: 'of a VPC is told for the way that fits its keys best',
      more: 'runtime: { vpc: { network: n, subnetwork: s, egres: all-traffic } }',
      problems: ['5:46 runtime.vpc.egres: unknown key — did you mean egress?'],
    },
    {
      name: 'of a duration says its range',
      more: 'healthProbe: { interval: 10ms, timeout: soon }',
      problems: [
        '5:26 healthProbe.interval: "10ms" — expected between 0.1 and 300 seconds',
        '5:41 healthProbe.timeout: "soon" — expected a duration such as 500ms, 90s, 5m or 1h',
      ],
    },
    {
      name: 'is found for a key that is set twice, beside all others',
      more: 'runtime:\n  port: 1\n  port: 2\n  cpu: many',
      problems: [
        '7:3 runtime.port: set again — expected once, and line 6 has it',
        '8:8 runtime.cpu: "many" — expected a CPU amount such as "1" or "500m"',
      ],
    },
    {
      name: 'never quotes what may be a secret',
      more: 'runtime: { secrets: { A: hunter2 }, env: { B: 12345 } }',
      problems: [
        '5:26 runtime.secrets.A: this value — expected SECRET:VERSION, such as database-password:3',
        '5:47 runtime.env.B: this value — expected text, so put it in quotes',
      ],
    },
  ];
  it.each(cases)('$name', ({ more, problems }) => {
    expect(problemsOf(file(more))).toEqual(problems);
  });

  it('of the top level or of an environment is listed together with all others', () => {
    const text = `service: Hello
image: nginx
environments:
  Prod: { region: us-central1 }
  staging: { project: p, region: here, image: x }
  empty:
`;
    expect(problemsOf(text)).toEqual([
      '1:10 service: "Hello" — expected lower-case letters, digits and hyphens, starting with a letter',
      '2:8 image: "nginx" — expected HOST/PROJECT/REPOSITORY/IMAGE without tag and digest',
      '4:3 environments.Prod.project: missing — expected text',
      '4:3 environments.Prod: "Prod" — expected lower-case letters, digits and hyphens, starting with a letter',
      '5:23 environments.staging.project: "p" — expected a Google Cloud project id',
      '5:34 environments.staging.region: "here" — expected a region such as us-central1',
      '5:40 environments.staging.image: unknown key — expected one of project, region, cloudRunService, imageRules, runtime, app, healthProbe, suites, traffic, analysis, migration, retries, policy, slack',
      '6:9 environments.empty: nothing — expected a map of keys and values',
    ]);
  });

  it.each([
    ['a tag', `${image}:v1`],
    ['a digest', `${image}@sha256:${'0'.repeat(64)}`],
    ['no host', 'hello'],
  ])('is an image with %s', (_, reference) => {
    expect(problemsOf(file().replace(image, reference))).toEqual([
      `2:8 image: ${JSON.stringify(reference).length > 60 ? `${JSON.stringify(reference).slice(0, 59)}…"` : JSON.stringify(reference)} — expected HOST/PROJECT/REPOSITORY/IMAGE without tag and digest`,
    ]);
  });

  it('is a name without room for the tag, said once though the Cloud Run name follows from it', () => {
    const long = 'a'.repeat(35);
    const expected = "expected at most 34 characters, to leave room for the candidate's tag";
    expect(problemsOf(file().replace('hello\n', `${long}\n`))).toEqual([
      `1:10 service: "${long}" — ${expected}`,
    ]);
    expect(problemsOf(file().replace('us-central1 }', `us-central1, cloudRunService: ${long} }`))).toEqual([
      `4:76 environments.staging.cloudRunService: "${long}" — ${expected}`,
    ]);
  });

  it('is a file without environments, or with more than 20', () => {
    const some = (count: number): string =>
      `service: hello\nimage: ${image}\nenvironments: {${Array.from({ length: count }, (_, index) => `e${index}: {project: project-${index}, region: us-central1}`).join(', ')}}`;
    const expected = ['3:15 environments: a map — expected between 1 and 20 environments'];
    expect(problemsOf(some(0))).toEqual(expected);
    expect(problemsOf(some(21))).toEqual(expected);
    expect(problemsOf(some(20))).toEqual([]);
  });
});

describe('a name', () => {
  it.each(['status', 'deploy', 'to'])('may not be %s, which is a word of the Slack command', (word) => {
    const expected = 'expected a name that is no word of the Slack command, such as status or to';
    expect(problemsOf(file().replace('service: hello', `service: ${word}`))).toContain(
      `1:10 service: "${word}" — ${expected}`,
    );
    expect(problemsOf(file().replace('staging:', `${word}:`)).join()).toContain(expected);
  });
});
