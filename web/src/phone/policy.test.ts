// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";

const ADDRESS = "wss://pbx.example.com:8089/ws";

/** The module as a page has it that was just loaded. */
async function loaded() {
  vi.resetModules();
  return import("./policy");
}

function bar(blockedURI: string, effectiveDirective = "connect-src") {
  document.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), { blockedURI, effectiveDirective }));
}

describe("a page whose policy does not name the PBX", () => {
  const load = vi.fn();

  beforeEach(() => {
    sessionStorage.clear();
    load.mockClear();
  });

  it("is loaded again once, not in a circle", async () => {
    const { loadAgainIfBarred } = await loaded();
    const end = loadAgainIfBarred(ADDRESS, load);
    bar(ADDRESS);
    bar(ADDRESS);
    expect(load).toHaveBeenCalledTimes(1);
    end();
    const { loadAgainIfBarred: again } = await loaded();
    const endAgain = again(ADDRESS, load);
    bar(ADDRESS);
    expect(load).toHaveBeenCalledTimes(1);
    endAgain();
  });

  it("is loaded again for another address, and after it could connect", async () => {
    const { connected, loadAgainIfBarred } = await loaded();
    for (const step of [() => undefined, connected]) {
      step();
      const end = loadAgainIfBarred(ADDRESS, load);
      bar(ADDRESS);
      end();
    }
    expect(load).toHaveBeenCalledTimes(2);
    const end = loadAgainIfBarred("wss://other.example.com/ws", load);
    bar("wss://other.example.com/ws");
    end();
    expect(load).toHaveBeenCalledTimes(3);
  });

  it("stays when something else is barred", async () => {
    const { loadAgainIfBarred } = await loaded();
    const end = loadAgainIfBarred(ADDRESS, load);
    bar("https://elsewhere.example.com/");
    bar(ADDRESS, "img-src");
    bar("inline");
    end();
    bar(ADDRESS);
    expect(load).not.toHaveBeenCalled();
  });
});
