import { describe, expect, it } from 'vitest';
import { freezeInWords, frozenBy, FreezeWindow } from '#shared/domain/freeze.ts';

const weekend = FreezeWindow.parse({
  name: 'weekend',
  days: ['fri', 'sat'],
  from: '16:00',
  to: '08:00',
  timeZone: 'Europe/Berlin',
});
const lunch = FreezeWindow.parse({
  name: 'lunch',
  days: ['mon'],
  from: '12:00',
  to: '13:00',
  timeZone: 'America/New_York',
});
const night = FreezeWindow.parse({
  name: 'night',
  days: ['sun'],
  from: '01:00',
  to: '04:00',
  timeZone: 'Europe/Berlin',
});
const holidays = FreezeWindow.parse({
  name: 'holidays',
  start: '2026-12-23T18:00',
  end: '2027-01-02T00:00',
  timeZone: 'Europe/Berlin',
});

describe('a freeze window', () => {
  it.each([
    { name: 'begins at its first minute', window: weekend, at: '2026-11-27T15:00:00Z', frozen: true },
    { name: 'has not begun a minute before', window: weekend, at: '2026-11-27T14:59:00Z', frozen: false },
    { name: 'reaches over midnight', window: weekend, at: '2026-11-28T06:59:00Z', frozen: true },
    { name: 'ends before its last minute', window: weekend, at: '2026-11-28T07:00:00Z', frozen: false },
    {
      name: 'reaches over midnight from its last day',
      window: weekend,
      at: '2026-11-29T06:00:00Z',
      frozen: true,
    },
    { name: 'does not hold on other days', window: weekend, at: '2026-11-25T20:00:00Z', frozen: false },
    { name: 'follows its place, not UTC', window: lunch, at: '2026-11-30T17:30:00Z', frozen: true },
    { name: 'follows its place in summer too', window: lunch, at: '2026-07-06T16:30:00Z', frozen: true },
    {
      name: 'is over an hour earlier in UTC in summer',
      window: lunch,
      at: '2026-07-06T17:30:00Z',
      frozen: false,
    },
    // 2026-03-29: clocks in Berlin jump from 02:00 to 03:00; 2026-10-25: from 03:00 back to 02:00.
    {
      name: 'is an hour shorter when clocks jump ahead',
      window: night,
      at: '2026-03-29T02:00:00Z',
      frozen: false,
    },
    { name: 'holds just before clocks jump ahead', window: night, at: '2026-03-29T00:59:00Z', frozen: true },
    {
      name: 'holds in both hours that clocks show twice (first)',
      window: night,
      at: '2026-10-25T00:30:00Z',
      frozen: true,
    },
    {
      name: 'holds in both hours that clocks show twice (second)',
      window: night,
      at: '2026-10-25T01:30:00Z',
      frozen: true,
    },
    {
      name: 'that is once is over at its end',
      window: holidays,
      at: '2027-01-01T23:00:00Z',
      frozen: false,
    },
    { name: 'that is once has begun', window: holidays, at: '2026-12-23T17:00:00Z', frozen: true },
  ])('$name', ({ window, at, frozen }) => {
    expect(frozenBy([window], Date.parse(at))).toBe(frozen ? window : undefined);
  });

  it.each([
    { name: 'a zone that does not exist', value: { name: 'x', days: ['mon'], timeZone: 'Europe/Atlantis' } },
    { name: 'an impossible time', value: { name: 'x', days: ['mon'], from: '25:00', timeZone: 'UTC' } },
    {
      name: 'an end before its start',
      value: { name: 'x', start: '2026-01-02T00:00', end: '2026-01-01T00:00', timeZone: 'UTC' },
    },
    { name: 'no day', value: { name: 'x', days: [], timeZone: 'UTC' } },
  ])('with $name is refused', ({ value }) => {
    expect(FreezeWindow.safeParse(value).success).toBe(false);
  });

  it('is said in words', () => {
    expect(freezeInWords(weekend)).toBe('weekend (fri, sat 16:00–08:00 Europe/Berlin)');
    expect(freezeInWords(holidays)).toBe('holidays (2026-12-23T18:00 – 2027-01-02T00:00 Europe/Berlin)');
  });
});
