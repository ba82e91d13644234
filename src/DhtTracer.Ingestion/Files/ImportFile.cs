namespace DhtTracer.Ingestion.Files;

/// <summary>A file to import, or standard input.</summary>
/// <param name="Name">The path as found, or <c>-</c>.</param>
/// <param name="Open">Opens it at the beginning; may be called several times.</param>
/// <param name="Length">Size on disk in bytes; null if unknown.</param>
/// <param name="Named">Whether the user named the file itself, not a folder. It must then hold traces.</param>
public sealed record ImportFile(string Name, Func<Stream> Open, long? Length, bool Named)
{
    /// <summary>The argument that means standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>Finds the files to import. Folders are searched recursively, in order of names, without hidden files.</summary>
    /// <param name="paths">Files, folders, or <c>-</c>.</param>
    /// <param name="standardInput">The stream for <c>-</c>. It must be seekable.</param>
    /// <param name="problems">Receives paths that do not exist or cannot be read.</param>
    public static IReadOnlyList<ImportFile> Find(IEnumerable<string> paths, Stream? standardInput, ICollection<ImportSkip> problems)
    {
        var files = new List<ImportFile>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (path == StandardInput)
            {
                if (standardInput is null)
                {
                    problems.Add(new ImportSkip(path, "standard input is not available here.", IsError: true));
                }
                else if (seen.Add(path))
                {
                    files.Add(new ImportFile(path, () => Rewound(standardInput), standardInput.Length, Named: true));
                }
            }
            else if (Directory.Exists(path))
            {
                AddFolder(path, files, seen, problems);
            }
            else if (File.Exists(path))
            {
                Add(path, named: true, files, seen);
            }
            else
            {
                problems.Add(new ImportSkip(path, "there is no such file or folder.", IsError: true));
            }
        }

        return files;
    }

    private static void AddFolder(string folder, List<ImportFile> files, HashSet<string> seen, ICollection<ImportSkip> problems)
    {
        try
        {
            var options = new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint,
                IgnoreInaccessible = false,
            };
            foreach (var file in Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal).ToList())
            {
                // A pipe or a device says that it is empty, as does an empty file. Who opens a pipe waits for its writer, so none is
                // opened.
                if (new FileInfo(file).Length == 0)
                {
                    problems.Add(new ImportSkip(file, "it is empty, or a pipe or a device.", IsError: false));
                    continue;
                }

                Add(file, named: false, files, seen);
            }
        }
        catch (UnauthorizedAccessException denied)
        {
            problems.Add(new ImportSkip(folder, $"it cannot be read: {denied.Message}", IsError: true));
        }
    }

    private static void Add(string path, bool named, List<ImportFile> files, HashSet<string> seen)
    {
        if (seen.Add(Path.GetFullPath(path)))
        {
            // A pipe says that it is empty.
            var length = new FileInfo(path).Length;
            files.Add(new ImportFile(path, length > 0 ? () => Opened(path) : OpenerOfPipe(path), length > 0 ? length : null, named));
        }
    }

    private static FileStream Opened(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, FileOptions.SequentialScan);

    // The shell gives a pipe for <(zcat traces.gz). It can be read once, an import may read twice.
    private static Func<Stream> OpenerOfPipe(string path)
    {
        FileStream? kept = null;
        return () =>
        {
            if (kept is null)
            {
                using var source = Opened(path);
                kept = TemporaryFile.Create();
                source.CopyTo(kept);
            }

            return Rewound(kept);
        };
    }

    private static UnclosedStream Rewound(Stream stream)
    {
        stream.Position = 0;
        return new UnclosedStream(stream);
    }

    /// <summary>Ignores closing by readers, because the stream must stay open for the next read.</summary>
    private sealed class UnclosedStream(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush() { }

        public override void SetLength(long value) => throw new NotSupportedException("the stream is read only");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("the stream is read only");
    }
}
