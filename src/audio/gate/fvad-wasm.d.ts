/** @echogarden/fvad-wasm 0.2.0 has no types: what is used of it. */
declare module "@echogarden/fvad-wasm" {
  interface FvadModule {
    /** The module's memory. Replaced when the memory grows: to be taken anew for every use. */
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    /** @returns a handle; 0: no memory */
    _fvad_new(): number;
    /** @param mode 0 (takes the most for speech) to 3 @returns 0, or −1 for a bad mode */
    _fvad_set_mode(handle: number, mode: number): number;
    /** @param rate 8000, 16000, 32000 or 48000 Hz @returns 0, or −1 for a bad rate */
    _fvad_set_sample_rate(handle: number, rate: number): number;
    /** @param length samples: 10, 20 or 30 ms of them @returns 1 speech, 0 none, −1 for a bad length */
    _fvad_process(handle: number, samples: number, length: number): number;
  }
  /** A new instance, with a memory of its own. @param options.printErr where its messages go; default: the console */
  export default function fvad(options?: { readonly printErr?: (text: string) => void }): Promise<FvadModule>;
}
