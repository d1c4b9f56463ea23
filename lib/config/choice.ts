import type { Layer, Place } from './layer.js';
import { absolutePath } from './path.js';
import type { Setting } from './settings.js';

/** Whatever nobody set. */
const DEFAULT = 'default';

/** What a setting came out as, and where that stands. */
export interface Outcome {
  readonly value: unknown;
  readonly from: string;
}

/** Takes each setting from the first layer that has it, and remembers which. */
export class Choice {
  readonly outcomes: Map<Setting, Outcome> = new Map<Setting, Outcome>();
  readonly #layers: readonly Layer[];
  readonly #workingFolder: string;

  constructor(layers: readonly Layer[], workingFolder: string) {
    this.#layers = layers;
    this.#workingFolder = workingFolder;
  }

  choose<T, Default = T>(setting: Setting<T>, byDefault: Default): T | Default {
    const layer = this.#layerOf(setting);
    return this.settle(setting, layer === undefined ? byDefault : (layer.get(setting) as T));
  }

  /** A path starts at the folder of the file that has it, and the default at the working folder. */
  choosePath(setting: Setting<string>, byDefault?: string): string | undefined {
    const path = this.choose(setting, byDefault);
    return path === undefined ? undefined : this.settle(setting, this.absolute(setting, path));
  }

  absolute(setting: Setting, path: string): string {
    return absolutePath(path, this.#layerOf(setting)?.folder ?? this.#workingFolder);
  }

  /** What a setting comes out as, for a report, where that is more than what was written. */
  settle<T>(setting: Setting, value: T, from: string = this.placeOf(setting)?.from ?? DEFAULT): T {
    this.outcomes.set(setting, { value, from });
    return value;
  }

  placeOf(setting: Setting): Place | undefined {
    return this.#layerOf(setting)?.placeOf(setting);
  }

  /** False when a layer that comes first says something of it that could not be made out. */
  isKnown(setting: Setting): boolean {
    return this.#firstWith([setting])?.doubts(setting) !== true;
  }

  isSet(setting: Setting): boolean {
    return this.#layerOf(setting) !== undefined;
  }

  /** What a stronger layer says of one of these settings. */
  overrideOf(settings: readonly Setting[], layer: Layer): Place | undefined {
    const stronger = this.#layers.slice(0, this.#layers.indexOf(layer));
    const [override] = stronger.flatMap((each) =>
      settings.flatMap((setting) => (each.doubts(setting) ? [] : (each.placeOf(setting) ?? []))),
    );
    return override;
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
