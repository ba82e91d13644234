using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DhtTracer.Web.Access;

/// <summary>
/// The file that holds the keys: JSON, readable by its owner only. The command <c>keys</c> changes it while the main process runs, so
/// changes are made under a lock file and by renaming a whole new file.
/// </summary>
/// <remarks>A sample: <c>{"version":1,"keys":[{"id":"1f3a9c02","name":"ci","kind":"ingest","hash":"…","created":"…"}]}</c>.</remarks>
/// <param name="path">Full path of the file.</param>
public sealed class KeyFile(string path)
{
    /// <summary>Its name in a data directory.</summary>
    public const string DefaultName = "access-keys.json";

    /// <summary>Maximum number of keys in a file.</summary>
    public const int MaxKeys = 1_000;

    private const int Version = 1;
    private const long MaxBytes = 4 << 20;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(20);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>Full path of the file.</summary>
    public string Path => path;

    /// <summary>When the file was last changed and its length; changes when its content does. A missing file has a stamp too.</summary>
    public (DateTime Written, long Length) Stamp
    {
        get
        {
            var file = new FileInfo(path);
            return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        }
    }

    /// <summary>Reads the keys; none if the file does not exist.</summary>
    /// <exception cref="KeyFileException">It cannot be read, is not such a file, or others may read or change it.</exception>
    public ImmutableArray<AccessKey> Read()
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return [];
            }

            if (!OperatingSystem.IsWindows() && (file.UnixFileMode & ~(Owner | UnixFileMode.UserExecute)) != UnixFileMode.None)
            {
                throw new KeyFileException($"Others than its owner may read or change {path}. Run: chmod 600 {path}");
            }

            if (file.Length > MaxBytes)
            {
                throw new KeyFileException($"{path} is longer than {MaxBytes} bytes: it is not a file of keys.");
            }

            using var stream = file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = JsonSerializer.Deserialize<Content>(stream, Json);
            return content is { Version: Version, Keys: var keys }
                ? keys
                : throw new KeyFileException($"{path} has a version that this program does not know. Use a newer dht-tracer.");
        }
        catch (JsonException error)
        {
            throw new KeyFileException($"{path} is not a file of keys: {error.Message} Restore it, or delete it and make new keys.", error);
        }
        catch (Exception error) when (error is (IOException or UnauthorizedAccessException) and not KeyFileException)
        {
            throw new KeyFileException($"{path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Changes the keys. Creates the file, and its folder, readable by the owner only.</summary>
    /// <param name="change">Gets the keys and returns the new ones. Its exceptions pass through, and nothing is changed.</param>
    /// <param name="cancellation">Cancels waiting for another process that changes the file.</param>
    /// <exception cref="KeyFileException">The file cannot be read or written.</exception>
    public async Task UpdateAsync(Func<ImmutableArray<AccessKey>, ImmutableArray<AccessKey>> change, CancellationToken cancellation)
    {
        try
        {
            CreateFolder(System.IO.Path.GetDirectoryName(path)!);
            await using var turn = await LockAsync(cancellation);
            var before = Read();
            var after = change(before);
            if (after == before)
            {
                return;
            }

            if (after.Length > MaxKeys)
            {
                throw new KeyFileException($"{path} would hold more than {MaxKeys} keys. Revoke some.");
            }

            var written = path + ".new";
            await using (var stream = new FileStream(written, Private(FileMode.Create)))
            {
                await JsonSerializer.SerializeAsync(stream, new Content(Version, after), Json, cancellation);
                await stream.FlushAsync(cancellation);
                RandomAccess.FlushToDisk(stream.SafeFileHandle);
            }

            File.Move(written, path, overwrite: true);
        }
        catch (Exception error) when (error is (IOException or UnauthorizedAccessException) and not KeyFileException)
        {
            throw new KeyFileException($"{path} cannot be written: {error.Message}", error);
        }
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
        }
    }

    private static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Owner;
        }

        return options;
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path + ".lock", Private(FileMode.OpenOrCreate));
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(start) < LockTimeout)
            {
                // Another process holds it for the time of one small write.
                await Task.Delay(LockPause, cancellation);
            }
        }
    }

    private sealed record Content(int Version, ImmutableArray<AccessKey> Keys);
}
