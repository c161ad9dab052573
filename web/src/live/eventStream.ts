/** One block of an event stream: a message has `data`, a sign of life only `id`, or neither. */
export interface Block {
  id?: string;
  data?: string;
}

/**
 * The blocks of a text/event-stream, as they come. Also those without data, which an EventSource and its libraries keep to themselves:
 * here they say how far the line is. received: called for every part that arrives.
 */
export async function* blocksOf(body: ReadableStream<Uint8Array>, received: () => void): AsyncGenerator<Block> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    received();
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = lines.pop() as string;
    for (const block of lines) yield blockOf(block);
  }
}

function blockOf(text: string): Block {
  const block: Block = {};
  for (const line of text.split("\n")) {
    if (line.startsWith("id: ")) block.id = line.slice(4);
    else if (line.startsWith("data: ")) block.data = line.slice(6);
  }
  return block;
}
