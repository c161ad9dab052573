import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IntlMessageFormat } from "intl-messageformat";
import { expect, it } from "vitest";
import { KINDS } from "../figures/kinds";
import english from "./en.json";
import portuguese from "./pt-BR.json";

const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.includes(".test."))
  .map((path) => readFileSync(join("src", path), "utf8"))
  .join("\n");

it("has every text in both languages", () => {
  expect(Object.keys(english)).toEqual(Object.keys(portuguese));
});

it("asks for the same values in both languages", () => {
  const values = (text: string) => [...text.matchAll(/\{(\w+)/g)].map((found) => found[1]).sort();
  for (const [key, text] of Object.entries(portuguese)) {
    expect(() => new IntlMessageFormat(text, "pt-BR")).not.toThrow();
    expect([key, values(text)]).toEqual([key, values(english[key as keyof typeof english])]);
  }
});

it("has no text that nothing shows", () => {
  const made = [
    /^(error|permission|period|view|state|line|ivr|flow|call|ongoing|figure|gap|proof|event|actor|import|level|status|band|csv|supervision|calls\.direction)\./,
  ];
  const named = new Set(SOURCES.match(/"[\w.-]+"/g));
  const unused = Object.keys(portuguese).filter(
    (key) => !named.has(`"${key}"`) && !made.some((pattern) => pattern.test(key)),
  );
  expect(unused).toEqual([]);
});

it("names every figure", () => {
  for (const { label } of Object.values(KINDS)) {
    expect(portuguese).toHaveProperty([label]);
  }
});
