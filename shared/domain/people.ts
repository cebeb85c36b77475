/** Mail addresses of one person: Google's tokens say them in small letters, a service file may not. */
export const isSamePerson = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const isAmong = (people: readonly string[], person: string): boolean =>
  people.some((known) => isSamePerson(known, person));
