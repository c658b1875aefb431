import { useRef, useState } from "react";
import { useRuntime } from "../app/runtime";
import type { Attachment } from "../contracts/types";
import { toast } from "../ui/toasts";

export interface Upload {
  key: number;
  name: string;
  /** The file, once its upload has failed; null: on its way. */
  failed: File | null;
}

/** Files on their way to the blob store; what has arrived is handed on. */
export function useUploads(onArrived: (attachment: Attachment) => void) {
  const { api } = useRuntime();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const last = useRef(0);

  const forget = (gone: Upload) => setUploads((all) => all.filter((each) => each.key !== gone.key));
  const upload = async (file: File) => {
    const item: Upload = { key: (last.current += 1), name: file.name, failed: null };
    setUploads((all) => [...all, item]);
    try {
      onArrived(await api.upload(file));
      forget(item);
    } catch (error) {
      setUploads((all) => all.map((each) => (each.key === item.key ? { ...each, failed: file } : each)));
      toast({ error: error as Error });
    }
  };
  return {
    uploads,
    forget,
    take: (files: Iterable<File>) => {
      for (const file of files) void upload(file);
    },
    again: (item: Upload) => {
      forget(item);
      if (item.failed !== null) void upload(item.failed);
    },
  };
}
