/** What stands in Terraform's files alone: read there, so that there is no second list. */
export interface TerraformSays {
  /** Google's APIs that are switched on. */
  apis: string[];
  /** Display names of the alert policies. */
  alerts: string[];
  /** Accounts besides those of the functions, without the prefix. */
  accounts: string[];
  /** Variables that every function has, each with the condition under which it has it: `always`, `slack`, … */
  environment: { name: string; when: string }[];
}

/**
 * By patterns and not by a parser: these are literal lists, and a test compares them with what a parser sees.
 * @param read gives a file of `terraform/`. @throws Error for a file in which nothing is found
 */
export async function readTerraform(read: (name: string) => Promise<string>): Promise<TerraformSays> {
  const [apis, functions, iam, monitoring, variables] = await Promise.all([
    read('apis.tf'),
    read('functions.tf'),
    read('iam.tf'),
    read('monitoring.tf'),
    read('variables.tf'),
  ]);
  return {
    apis: words('apis.tf', within(apis, /own_apis = toset\(\[(.*?)\]\)/s), /"([^"]+)"/g),
    alerts: [
      ...words('monitoring.tf', monitoring, /title\s*=\s*"([^"]+)",?\s*alert\s*=\s*"/g).map(
        (title) => `Slipway: ${title}`,
      ),
      // Those of the conditions do not begin so, and those of the channels are made of addresses.
      ...words('monitoring.tf', monitoring, /display_name\s*=\s*"(Slipway: [^"$]+)"/g),
    ],
    accounts: words('iam.tf', within(iam, /accounts = merge\((.*?)\n {2}\)/s), /^\s*([a-z-]+)\s*=\s*"/gm),
    environment: environment(
      within(functions, /environment = \{\s*for name, value in \{(.*?)\n {4}\} :/s),
      variables,
    ),
  };
}

/** Without those that a variable of Terraform's may leave out. */
function environment(block: string, variables: string): TerraformSays['environment'] {
  const nullable = [...variables.matchAll(/variable "(\w+)" \{((?:(?!\n\}).)*)/gs)]
    .filter(([, , body = '']) => /\n {2}default\s*=\s*null/.test(body))
    .map(([, name]) => `var.${name}`);
  const optional = [...variables.matchAll(/(\w+)\s*=\s*optional\(string\)/g)].map(
    ([, field]) => `var.slack.${field}`,
  );
  const found = [...block.matchAll(/^\s*([A-Z_]+)\s*=\s*(.+)$/gm)].flatMap(([, name = '', value = '']) => {
    const [, withSlack] = /^var\.slack == null \? null : (.+)$/.exec(value) ?? [];
    const [, when = withSlack === undefined ? 'always' : 'slack'] =
      /^local\.conditions\.(\w+) \? .+ : null$/.exec(value) ?? [];
    return [...nullable, ...optional].includes(withSlack ?? value) ? [] : [{ name, when }];
  });
  if (found.length === 0) throw new Error("terraform/functions.tf: the functions' variables were not found");
  return found;
}

const within = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';

function words(file: string, text: string, pattern: RegExp): string[] {
  const found = [...text.matchAll(pattern)].map(([, word = '']) => word);
  if (found.length === 0) throw new Error(`terraform/${file}: nothing was found like ${pattern}`);
  return found;
}
