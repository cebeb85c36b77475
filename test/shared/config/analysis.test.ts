import { describe, expect, it } from 'vitest';
import { configsOf, file, overridden, problemsOf } from './hello-file.ts';

const analysisOf = (text: string) => configsOf(file(`analysis: ${text}`))[0]!.analysis;

describe('the analysis of a service file', () => {
  it('is off unless it is there', () => {
    expect(configsOf(file())[0]).not.toHaveProperty('analysis');
  });

  it('needs one limit; the rest has defaults', () => {
    expect(analysisOf('{ errorRatio: { maximum: 0.5% } }')).toEqual({
      errorRatio: { maximum: 0.005 },
      minimumRequests: 50,
      inconclusive: 'extend',
      extendBy: 120,
      maximumExtensions: 3,
    });
  });

  it('takes every limit, in the units of the file', () => {
    const text =
      '{ errorRatio: { maximum: 1%, aboveStable: 0% }, latencyP95: { maximum: 500ms, timesStable: 1.5 }, serverErrorLogs: { maximum: 0 }, inconclusive: hold }';
    expect(analysisOf(text)).toMatchObject({
      errorRatio: { maximum: 0.01, aboveStable: 0 },
      latencyP95: { maximum: 0.5, timesStable: 1.5 },
      serverErrorLogs: { maximum: 0 },
      inconclusive: 'hold',
    });
  });

  it('may be a matter of one environment', () => {
    const text = overridden(
      '    analysis: { minimumRequests: 10 }',
      'analysis: { serverErrorLogs: { maximum: 5 } }\n',
    );
    expect(configsOf(text)[0]!.analysis).toMatchObject({
      serverErrorLogs: { maximum: 5 },
      minimumRequests: 10,
    });
  });

  it.each([
    ['{}', '5:11 analysis: a map — expected at least one of errorRatio, latencyP95, serverErrorLogs'],
    [
      '{ minimumRequests: 10 }',
      '5:11 analysis: a map — expected at least one of errorRatio, latencyP95, serverErrorLogs',
    ],
    ['{ errorRatio: {} }', '5:25 analysis.errorRatio: a map — expected maximum or aboveStable, or both'],
    ['{ latencyP95: {} }', '5:25 analysis.latencyP95: a map — expected maximum or timesStable, or both'],
    [
      '{ errorRatio: { maximum: 1 } }',
      '5:36 analysis.errorRatio.maximum: 1 — expected text, so put it in quotes',
    ],
    [
      '{ errorRatio: { maximum: 0.01 % } }',
      '5:36 analysis.errorRatio.maximum: "0.01 %" — expected a percentage such as 1% or 0.5%',
    ],
    ['{ errorRatio: { maximum: 101% } }', '5:36 analysis.errorRatio.maximum: "101%" — expected at most 100%'],
  ])('%s is a problem', (text, problem) => {
    expect(problemsOf(file(`analysis: ${text}`))).toEqual([problem]);
  });
});
