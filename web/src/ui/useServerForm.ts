import { type FormErrors, type UseFormReturnType, useForm } from "@mantine/form";
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, answerOf, api, type Schemas } from "../api/client";
import { type Headers, type Receipt, useCommand } from "../api/commands";
import { useLanguage, useText } from "../i18n";
import portuguese from "../i18n/pt-BR.json";
import { useErrorText } from "./errorText";
import { saved } from "./notify";

interface Options<V> {
  initial: V;
  validate?: (values: V) => FormErrors;
  /** Sends what has changed. Fields are named as the API's, so that its pointers find them. */
  save: (values: V, before: V, headers: Headers) => Promise<Receipt | undefined>;
  /** What the server has now: a change by somebody else is told before it is written over. */
  current?: () => Promise<V>;
  /** The id of what is changed: then the command is refused if it was changed since, and the page says by whom. */
  id?: string;
  onSaved?: (done: Receipt | undefined, values: V) => void;
}

export interface ServerForm<V> {
  form: UseFormReturnType<V>;
  /** What is wrong with no field in particular, or empty. */
  problem: string;
  isBusy: boolean;
  isDirty: boolean;
  /** What somebody else has saved meanwhile, and who that was. */
  theirs: Conflict<V> | null;
  send: () => void;
  /** Save although somebody else has changed it. */
  overwrite: () => void;
  /** Go on with what the server has. */
  takeTheirs: () => void;
  /** Asks about unsaved changes when somebody leaves. */
  blocker: { status: "blocked" | "idle"; proceed?: () => void; reset?: () => void };
}

export interface Conflict<V> {
  values: V;
  /** The fields in which it is other than what the form began with. */
  changed: string[];
  change: Schemas["SettingsChange"] | null;
}

const changeOf = (id: string) => answerOf(api.GET("/v1/changes/{thing_id}", { params: { path: { thing_id: id } } }));

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A form whose values are a command: errors of the server stand beside their fields, and nothing that was typed is lost unasked. */
export function useServerForm<V extends Record<string, unknown>>(options: Options<V>): ServerForm<V> {
  const text = useText();
  const language = useLanguage();
  const said = useErrorText();
  const [before, setBefore] = useState(options.initial);
  const [problem, setProblem] = useState("");
  const [theirs, setTheirs] = useState<Conflict<V> | null>(null);
  const version = useRef<number | null>(null);
  const { id } = options;
  useEffect(() => {
    if (id)
      void changeOf(id).then(
        (change) => {
          version.current ??= change.version;
        },
        () => undefined,
      );
  }, [id]);
  const isLeaving = useRef(false);
  const form = useForm<V>({ initialValues: options.initial, validate: options.validate as never });
  const isDirty = !same(form.values, before);
  const command = useCommand<{ values: V; before: V }>(
    (input, headers) =>
      options.save(input.values, input.before, {
        ...headers,
        ...(version.current !== null && { "If-Match": `"${version.current}"` }),
      }),
    (done, { values }) => {
      if (done && done.id === id) version.current = done.version;
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
      // The server's words about a field are English; the console has its own for some codes.
      const own = error instanceof ApiError && `error.${error.code}` in portuguese && error.code !== "invalid";
      const words = own ? said(error) : language === "en" ? detail : text("form.refused");
      if ((path.split(".")[0] ?? "") in form.values) errors[path] = words;
      else others.push(pointer);
    }
    form.setErrors(errors);
    focus(errors);
    setProblem(Object.keys(errors).length > 0 && others.length === 0 ? "" : said(error));
  };
  const put = async (values: V, known: V, isAgain = false) => {
    setProblem("");
    setTheirs(null);
    try {
      await command.mutateAsync({ values, before: known });
    } catch (error) {
      const isChanged = id && error instanceof ApiError && error.code === "version-conflict";
      if (!isChanged || isAgain || !(await compare(values, known, true))) refuse(error);
    }
  };
  /** Look what the server has now; where others changed other things of it, the values are sent again. Whether that was possible. */
  const compare = async (values: V, known: V, isAgain: boolean): Promise<boolean> => {
    const [now, change] = await Promise.all([
      options.current?.().catch(() => null),
      id ? changeOf(id).catch(() => null) : null,
    ]);
    if (isAgain && (!now || !change)) return false;
    const isOther = now && !same(now, known);
    if (isOther) {
      const changed = Object.keys(now).filter((field) => !same(now[field], known[field]));
      if (change) version.current = change.version;
      setTheirs({ values: now, changed, change });
      return true;
    }
    if (isAgain && change) version.current = change.version;
    await put(values, known, isAgain);
    return true;
  };
  const check = async (values: V) => {
    if (!command.isPending) await compare(values, before, false);
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
    overwrite: () => theirs && void put(form.values, theirs.values),
    takeTheirs: () => {
      if (!theirs) return;
      form.setValues(theirs.values);
      setBefore(theirs.values);
      setTheirs(null);
    },
    blocker: blocker as ServerForm<V>["blocker"],
  };
}
