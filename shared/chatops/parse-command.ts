import { nearest } from '#shared/config/nearest.ts';
import { printCommand, type ChatCommand } from './command.ts';
import { forms, isVerb, verbs, type Verb } from './help.ts';
import { readers } from './readers.ts';
import { plainText, typedText, type TypedText } from './typed-text.ts';
import { createWords, Misread, type Problem } from './words.ts';

/** Of the text as Slack sends it, escapes included. */
export const maxTextLength = 900;

/**
 * The grammar of `help.ts`. Without a verb it is a deployment, unless the first word is nearly a verb and the rest fits that
 * one. Nothing is guessed where a guess could deploy or roll back something else: then the answer is a problem, with the
 * command that was probably meant.
 * @param text what was typed after the name of the slash command
 */
export function parseCommand(text: string): ChatCommand | Problem {
  if (text.length > maxTextLength)
    return { problem: `The command has ${text.length} characters, expected at most ${maxTextLength}.` };
  try {
    return commandOf(typedText(plainText(text)));
  } catch (error) {
    if (error instanceof Misread) return error.answer;
    throw error;
  }
}

function commandOf(typed: TypedText): ChatCommand {
  const [first, second] = typed.words;
  if (first === undefined && typed.options.size === 0) return { verb: 'help' };
  const word = plainWord(first);
  const after = plainWord(second);
  if (word === 'deploy' && isVerb(after)) {
    const meant = attempt(() => readWhole(after, typed, 2));
    throw new Misread(
      `"${second}" is a command, and no service has that name.`,
      meant && printCommand(meant),
    );
  }
  if (isVerb(word)) return readWhole(word, typed, 1);
  const near = nearest(word, verbs) ?? '';
  const meant = isVerb(near) ? attempt(() => readWhole(near, typed, 1)) : undefined;
  if (!meant) return readWhole('deploy', typed, 0);
  const service = attempt(() => readWhole('deploy', typed, 0));
  const also = service ? ` A service of that name is deployed with: ${printCommand(service)}` : '';
  throw new Misread(`There is no command "${first}".${also}`, printCommand(meant));
}

/** In small letters, without what a terminal's habits put before it. */
const plainWord = (word = ''): string => word.replace(/^\/|^--?/, '').toLowerCase();

/** @throws Misread also when something is left over */
function readWhole(verb: Verb, typed: TypedText, from: number): ChatCommand {
  const words = createWords(typed, from);
  const command = readers[verb](words);
  const { word, options } = words.left();
  const written = `It is written: ${forms[command.verb].form}`;
  const corrected = printCommand(command);
  if (word !== undefined) throw new Misread(`"${word}" is one word too many. ${written}`, corrected);
  if (options[0] !== undefined)
    throw new Misread(`${command.verb} takes no ${options[0]}=. ${written}`, corrected);
  const [repeated] = typed.repeated;
  if (repeated !== undefined) throw new Misread(`${repeated}= stands there twice.`, corrected);
  const [unquoted] = typed.unquoted;
  if (unquoted !== undefined) throw new Misread(`Several words after ${unquoted}= need quotes.`, corrected);
  return command;
}

/** @returns undefined when it cannot be understood */
function attempt(read: () => ChatCommand): ChatCommand | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Misread) return undefined;
    throw error;
  }
}
