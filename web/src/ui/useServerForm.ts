import { type FormErrors, type UseFormReturnType, useForm } from "@mantine/form";
import { useBlocker } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { ApiError } from "../api/client";
import { type Done, type Headers, useCommand } from "../api/commands";
import { useLanguage, useText } from "../i18n";
import { useErrorText } from "./errorText";
import { saved } from "./notify";

interface Options<V> {
  initial: V;
  validate?: (values: V) => FormErrors;
  /** Sends what has changed. Fields are named as the API's, so that its pointers find them. */
  save: (values: V, before: V, headers: Headers) => Promise<Done | undefined>;
  /** What the server has now: a change by somebody else is told before it is written over. */
  current?: () => Promise<V>;
  onSaved?: (done: Done | undefined, values: V) => void;
}

export interface ServerForm<V> {
  form: UseFormReturnType<V>;
  /** What is wrong with no field in particular, or empty. */
  problem: string;
  isBusy: boolean;
  isDirty: boolean;
  /** What somebody else has saved meanwhile. */
  theirs: V | null;
  send: () => void;
  /** Save although somebody else has changed it. */
  overwrite: () => void;
  /** Go on with what the server has. */
  takeTheirs: () => void;
  /** Asks about unsaved changes when somebody leaves. */
  blocker: { status: "blocked" | "idle"; proceed?: () => void; reset?: () => void };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A form whose values are a command: errors of the server stand beside their fields, and nothing that was typed is lost unasked. */
export function useServerForm<V extends Record<string, unknown>>(options: Options<V>): ServerForm<V> {
  const text = useText();
  const language = useLanguage();
  const said = useErrorText();
  const [before, setBefore] = useState(options.initial);
  const [problem, setProblem] = useState("");
  const [theirs, setTheirs] = useState<V | null>(null);
  const isLeaving = useRef(false);
  const form = useForm<V>({ initialValues: options.initial, validate: options.validate as never });
  const isDirty = !same(form.values, before);
  const command = useCommand<{ values: V; before: V }>(
    (input, headers) => options.save(input.values, input.before, headers),
    (done, { values }) => {
      setBefore(values);
      isLeaving.current = true;
      saved(text("form.saved"));
      options.onSaved?.(done, values);
      isLeaving.current = false;
    },
  );
  const focus = (errors: FormErrors) => {
    const first = Object.keys(errors)[0];
    if (first) requestAnimationFrame(() => form.getInputNode(first as never)?.focus());
  };
  const refuse = (error: unknown) => {
    const errors: FormErrors = {};
    const others: string[] = [];
    for (const { pointer, detail } of error instanceof ApiError ? error.fields : []) {
      const path = pointer.slice(1).replaceAll("/", ".");
      const words = language === "en" ? detail : text("form.refused");
      if ((path.split(".")[0] ?? "") in form.values) errors[path] = words;
      else others.push(pointer);
    }
    form.setErrors(errors);
    focus(errors);
    setProblem(Object.keys(errors).length > 0 && others.length === 0 ? "" : said(error));
  };
  const put = async (values: V, known: V) => {
    setProblem("");
    setTheirs(null);
    try {
      await command.mutateAsync({ values, before: known });
    } catch (error) {
      refuse(error);
    }
  };
  const check = async (values: V) => {
    if (command.isPending) return;
    const now = await options.current?.().catch(() => null);
    if (now && !same(now, before)) setTheirs(now);
    else await put(values, before);
  };
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && !isLeaving.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  return {
    form,
    problem,
    isBusy: command.isPending,
    isDirty,
    theirs,
    send: () => form.onSubmit((values) => void check(values), focus)(),
    overwrite: () => theirs && void put(form.values, theirs),
    takeTheirs: () => {
      if (!theirs) return;
      form.setValues(theirs);
      setBefore(theirs);
      setTheirs(null);
    },
    blocker: blocker as ServerForm<V>["blocker"],
  };
}
