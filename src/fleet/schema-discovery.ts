/** One entity of a device. */
export type Description = { readonly platform: "sensor" | "binary_sensor" } & Readonly<
  Record<string, string | number | readonly string[]>
>;

/** What describes a device and its entities to Home Assistant. */
export interface DiscoveryPayload {
  readonly device: {
    readonly identifiers: readonly string[];
    readonly name: string;
    readonly manufacturer: string;
    readonly model: string;
    readonly sw_version: string;
    readonly hw_version: string;
  };
  readonly origin: { readonly name: string; readonly sw_version: string };
  readonly components: Readonly<Record<string, Description & { readonly unique_id: string }>>;
  readonly qos: 1;
}
