/** Bytes of traces that the collector has taken from its connections since it began, by its own metrics. */
export async function traceBytesRead(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const [, bytes] = /^sideband_collector_trace_bytes_total\{[^}]*\} (\d+)$/m.exec(text) ?? [];
  if (bytes === undefined) throw new Error('The collector does not tell how much of traces it has read');
  return Number(bytes);
}
