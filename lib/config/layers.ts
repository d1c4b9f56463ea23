import { describeValue } from '../safe-text.js';
import { type DefaultContext, defaultOf, type Setting } from './setting.js';

/** The place of a value. */
export interface Place {
  /** For a report: `/etc/kapacitor/kapacitor.conf, line 12`, `KAPACITOR_AUTH_BCRYPT_COST`, or `code`. */
  readonly from: string;
  /** The beginning of a message about the value: the same and the key, the variable, or `auth.bcryptCost`. */
  readonly subject: string;
}

/** The definition of a permission as a source gives it: it can be checked when the path of the API is known. */
export interface GivenDefinition {
  readonly value: unknown;
  readonly place: Place;
  /** The beginning of a message about one of its keys. */
  readonly subjectOf: (key: string) => string;
}

export interface Problem {
  readonly text: string;
  /** The setting whose value is wrong. The problem stops a start only while that value counts. Absent: always. */
  readonly setting?: Setting;
}

/** The values of one source: the file, the environment, or code. */
export class Layer {
  readonly problems: Problem[] = [];
  /** Values that are allowed and that the operator should know about. */
  readonly warnings: string[] = [];
  /** The error for which the source could not be read. */
  cause: unknown;
  /** The definitions of permissions, by name. */
  readonly definitions: Map<string, GivenDefinition> = new Map<string, GivenDefinition>();
  /** The folder where relative paths start. */
  readonly folder: string;
  readonly #values = new Map<Setting, { readonly value: unknown; readonly place: Place }>();
  readonly #refused = new Set<Setting>();
  readonly #doubts = new Set<Setting>();

  constructor(folder: string) {
    this.folder = folder;
  }

  set<T>(setting: Setting<T>, value: T, place: Place): void {
    this.#values.set(setting, { value, place });
  }

  get<T>(setting: Setting<T>): T | undefined {
    return this.#values.get(setting)?.value as T | undefined;
  }

  placeOf(setting: Setting): Place | undefined {
    return this.#values.get(setting)?.place;
  }

  /**
   * Adds a problem that always stops a start, such as an unknown key.
   *
   * @param doubtful the settings that it may be about. Problems that follow from their values are not reported
   */
  complain(text: string, doubtful: Iterable<Setting>): void {
    this.problems.push({ text });
    for (const setting of doubtful) this.#doubts.add(setting);
  }

  /** Adds a problem with the value of a setting. */
  refuse(setting: Setting, text: string): void {
    this.problems.push({ text, setting });
    this.#refused.add(setting);
  }

  /** Ignores a refused value, as if the source did not set it. */
  forgive(setting: Setting): void {
    this.#refused.delete(setting);
  }

  /** Whether the source says something about a setting that cannot be understood. */
  doubts(setting: Setting): boolean {
    return this.#refused.has(setting) || this.#doubts.has(setting);
  }
}

/** `must be true or false, not "yes"`. A secret is not repeated. */
export function mustBe({ kind, isSecret }: Setting, value: unknown): string {
  const fault = kind.faultOf?.(value);
  if (fault !== undefined) return fault;
  return isSecret ? `must be ${kind.expected}` : `must be ${kind.expected}, not ${describeValue(value)}`;
}

/** The resulting value of a setting, and its place for a report. */
export interface Outcome {
  readonly value: unknown;
  readonly from: string;
}

/** Takes each setting from the first layer that sets it, or else its default, and remembers which. */
export class Choice {
  readonly outcomes: Map<Setting, Outcome> = new Map<Setting, Outcome>();
  readonly #layers: readonly Layer[];
  readonly #context: DefaultContext;

  /** @param layers the strongest first */
  constructor(layers: readonly Layer[], context: Omit<DefaultContext, 'chosen'>) {
    this.#layers = layers;
    this.#context = { ...context, chosen: (setting) => this.choose(setting) };
  }

  /** The values of a section's settings. */
  chooseAll<Values>(settings: { readonly [Name in keyof Values]: Setting<Values[Name]> }): Values {
    const values = Object.entries<Setting>(settings as Readonly<Record<string, Setting>>).map(
      ([name, setting]) => [name, this.choose(setting)] as const,
    );
    return Object.fromEntries(values) as Values;
  }

  /** The value of a setting. A relative path starts at the folder of its layer, a default one at the working folder. */
  choose<T>(setting: Setting<T>): T {
    const layer = this.#layerOf(setting);
    const value = layer === undefined ? defaultOf(setting, this.#context) : (layer.get(setting) as T);
    const { kind } = setting as Setting;
    const located = value === undefined ? value : kind.locate?.(value, layer?.folder ?? process.cwd());
    return this.record(setting, (located as T) ?? value);
  }

  /** Records the outcome of a setting for a report. It may differ from the value that a source sets. */
  record<T>(setting: Setting<T>, value: T, from: string = this.placeOf(setting)?.from ?? 'default'): T {
    this.outcomes.set(setting, { value, from });
    return value;
  }

  placeOf(setting: Setting): Place | undefined {
    return this.#layerOf(setting)?.placeOf(setting);
  }

  /** False if the strongest layer that mentions a setting cannot be understood. */
  isKnown(setting: Setting): boolean {
    return this.#firstWith([setting])?.doubts(setting) !== true;
  }

  isSet(setting: Setting): boolean {
    return this.#layerOf(setting) !== undefined;
  }

  /** Whether a setting is set by a layer that is at least as strong as the one that sets another. */
  isAsStrong(setting: Setting, other: Setting): boolean {
    const layer = this.#layerOf(setting);
    return layer !== undefined && layer === this.#firstWith([setting, other]);
  }

  /** The place where a stronger layer sets one of these settings. */
  overrideOf(settings: readonly Setting[], layer: Layer): Place | undefined {
    const stronger = this.#layers.slice(0, this.#layers.indexOf(layer));
    const places = stronger.flatMap((each) =>
      settings.map((setting) => (each.doubts(setting) ? undefined : each.placeOf(setting))),
    );
    return places.find((place) => place !== undefined);
  }

  /** Alternatives (`password`, `password-file`): the first layer that sets any of them wins. */
  strongest<S extends Setting>(settings: readonly S[]): S[] {
    const layer = this.#firstWith(settings);
    return settings.filter((setting) => layer?.get(setting) !== undefined && !layer.doubts(setting));
  }

  #layerOf(setting: Setting): Layer | undefined {
    const layer = this.#firstWith([setting]);
    return layer?.doubts(setting) ? undefined : layer;
  }

  #firstWith(settings: readonly Setting[]): Layer | undefined {
    return this.#layers.find((layer) =>
      settings.some((setting) => layer.doubts(setting) || layer.get(setting) !== undefined),
    );
  }
}
