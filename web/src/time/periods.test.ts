import { CalendarDate } from "@internationalized/date";
import { expect, it } from "vitest";
import { datesOf, previousOf, questionOf, shifted, todayIn, viewsOf } from "./periods";

const SUNDAY = new CalendarDate(2026, 11, 29);

it("begins a week on Monday and a month on its first day", () => {
  expect(datesOf({ periodo: "semana" }, SUNDAY)).toEqual({ de: "2026-11-23", ate: "2026-11-29" });
  expect(datesOf({ periodo: "mes" }, SUNDAY)).toEqual({ de: "2026-11-01", ate: "2026-11-29" });
  expect(datesOf({ periodo: "ontem" }, SUNDAY)).toEqual({ de: "2026-11-28", ate: "2026-11-28" });
});

it("asks for a past period with its end, and leaves the end of one that goes on open", () => {
  const filters = { servico: [], agente: [], periodo: "hoje" } as const;
  const zone = "America/Sao_Paulo";
  expect(
    questionOf(
      { ...filters, servico: [], agente: [], "-servico": [], "-agente": [], de: "2018-11-04", ate: "2018-11-04" },
      zone,
    ),
  ).toEqual({
    from: "2018-11-04",
    to: "2018-11-05",
  });
  expect(questionOf({ ...filters, servico: [], agente: [], "-servico": [], "-agente": [] }, zone)).toEqual({
    from: todayIn(zone).toString(),
  });
});

it("counts relative periods from the day of a past moment", () => {
  const filters = {
    servico: [],
    agente: [],
    "-servico": [],
    "-agente": [],
    periodo: "hoje",
    em: "2026-11-21T23:30:00-03:00",
  } as const;
  expect(
    questionOf({ ...filters, servico: [], agente: [], "-servico": [], "-agente": [] }, "America/Sao_Paulo"),
  ).toEqual({
    from: "2026-11-21",
    to: "2026-11-22",
  });
});

it("steps by whole months where a period is one, else by its length", () => {
  expect(shifted({ de: "2026-03-01", ate: "2026-03-31" }, -1)).toEqual({ de: "2026-02-01", ate: "2026-02-28" });
  expect(shifted({ de: "2026-11-23", ate: "2026-11-29" }, 1)).toEqual({ de: "2026-11-30", ate: "2026-12-06" });
});

it("shows no hours of more than a month and no days of more than two years", () => {
  expect(viewsOf({ de: "2026-11-01", ate: "2026-12-01" })).toContain("hora");
  expect(viewsOf({ de: "2026-11-01", ate: "2026-12-02" })).not.toContain("hora");
  expect(viewsOf({ de: "2024-01-01", ate: "2026-12-31" })).toEqual(["semana", "mes"]);
});

it("compares a period with the one before: as much of it as there is of one that goes on", () => {
  const zone = "America/Sao_Paulo";
  const now = Date.parse("2026-11-25T14:03:00-03:00");
  const none = { servico: [], agente: [], "-servico": [], "-agente": [] };
  const before = (part: object) => previousOf({ ...none, periodo: "hoje", ...part }, zone, now);
  expect(before({})).toEqual({ from: "2026-11-24", to: "2026-11-24T14:03:00-03:00" });
  expect(before({ periodo: "ontem" })).toEqual({ from: "2026-11-23", to: "2026-11-24" });
  expect(before({ periodo: "semana" })).toEqual({ from: "2026-11-16", to: "2026-11-18T14:03:00-03:00" });
  expect(before({ periodo: "mes" })).toEqual({ from: "2026-10-01", to: "2026-10-25T14:03:00-03:00" });
  expect(before({ de: "2026-11-01", ate: "2026-11-10" })).toEqual({ from: "2026-10-22", to: "2026-11-01" });
});
