import { expect, it } from "vitest";
import { targetOfAgent, targetOfNumber, targetOfQueue } from "./targets";

it("reaches an agent by the telephone that rings", () => {
  expect(targetOfAgent({ interfaces: ["PJSIP/web_0123", "PJSIP/1001"] })).toBe("web_0123");
  expect(targetOfAgent({ interfaces: ["Local/1001@ramais/n"] })).toBe("1001");
  expect(targetOfAgent({ interfaces: [] })).toBeNull();
});

it("reaches a queue by its name and a number as it is dialled", () => {
  expect(targetOfQueue("Vendas SP")).toBe("fila_Vendas SP");
  expect(targetOfNumber("+55 (11) 98765-4321")).toBe("5511987654321");
  expect(targetOfNumber("201")).toBe("201");
  for (const wrong of ["", "12", "*72", "#9011", "sip:x@y", "11 9876 abc"]) expect(targetOfNumber(wrong)).toBeNull();
});
