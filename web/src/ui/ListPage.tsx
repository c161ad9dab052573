import { Button, TextInput } from "@mantine/core";
import { Link, type LinkProps, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import type { ReactNode } from "react";
import { count } from "../figures/format";
import type { Search as Query } from "../filters/codec";
import { useLanguage, useText } from "../i18n";
import styles from "./ListPage.module.css";
import { Notice } from "./Notice";
import { PageHeader } from "./PageHeader";
import { Panel } from "./Panel";
import { Pending } from "./Pending";
import { plain } from "./plain";
import { type Column, Table } from "./Table";

interface Props<T> {
  title: string;
  /** Where a new one is made; without it nobody makes one here. */
  add?: { label: string; to: LinkProps["to"]; params?: Record<string, string> };
  result: { data: T[] | undefined; error: unknown; refetch: () => unknown };
  /** The words of a row that the search looks at. */
  words: (row: T) => string;
  keyOf: (row: T) => string;
  columns: readonly Column<T>[];
  empty: string;
  /** Where what is listed comes from, for an empty list. */
  hint?: string;
  children?: ReactNode;
}

/** A list of things that are administered: all of them, those that a search finds, and the way to a new one. The search is in the URL. */
export function ListPage<T>({ title, add, result, words, keyOf, columns, empty, hint, children }: Props<T>) {
  const text = useText();
  const language = useLanguage();
  const navigate = useNavigate();
  const { busca } = useSearch({ strict: false }) as Query;
  const wanted = typeof busca === "string" ? busca : "";
  const found = result.data?.filter((row) => plain(words(row)).includes(plain(wanted))) ?? [];
  const search = (value: string) =>
    void navigate({ to: ".", replace: true, search: (value ? { busca: value } : {}) as never });
  return (
    <>
      <PageHeader title={title}>
        {add && (
          <Button
            renderRoot={(props) => <Link {...props} to={add.to} params={add.params as never} />}
            size="xs"
            leftSection={<Plus size={15} aria-hidden />}
          >
            {add.label}
          </Button>
        )}
      </PageHeader>
      {children}
      {result.data?.length === 0 ? (
        <Notice title={empty} hint={hint} />
      ) : result.data ? (
        <Panel
          title={text("list.count", { count: found.length, shown: count(found.length, language) })}
          actions={
            <TextInput
              className={styles.search}
              type="search"
              size="xs"
              aria-label={text("list.search")}
              placeholder={text("list.search")}
              data-search
              leftSection={<Search size={14} aria-hidden />}
              value={wanted}
              onChange={(event) => search(event.currentTarget.value)}
            />
          }
        >
          <Table name={title} isMain columns={columns} rows={found} keyOf={keyOf} empty={text("filters.none")} />
        </Panel>
      ) : (
        <Pending error={result.error} retry={() => void result.refetch()} figures={1} />
      )}
    </>
  );
}
