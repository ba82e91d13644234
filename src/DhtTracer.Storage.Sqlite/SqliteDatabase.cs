using System.Globalization;
using Dapper;
using DhtTracer.Storage.Sqlite.Connections;
using DhtTracer.Storage.Sqlite.Packed;
using DhtTracer.Storage.Sqlite.Queries;
using DhtTracer.Storage.Writing;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite;

/// <summary>Opens, checks and migrates the SQLite file. <see cref="TraceStore"/> describes its content.</summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    // "DHTt": marks this SQLite file as ours (https://www.sqlite.org/pragma.html#pragma_application_id).
    internal const int ApplicationId = 0x44485474;

    private SqliteDatabase(SqliteOptions options, WriteQueue<WriteSession>? writer, ReaderPool readers)
    {
        Options = options;
        Writer = writer;
        Readers = readers;
    }

    /// <summary>The schema that this program writes.</summary>
    public static int SchemaVersion => Migrations.Scripts.Count;

    /// <summary>The options it was opened with.</summary>
    public SqliteOptions Options { get; }

    /// <summary>Null if the database was opened read-only.</summary>
    internal WriteQueue<WriteSession>? Writer { get; }

    internal ReaderPool Readers { get; }

    /// <summary>Opens the database. Unless it is opened read-only, creates it if missing and migrates it if old.</summary>
    /// <exception cref="DatabaseException">The database cannot be opened. The message gives the reason and the remedy.</exception>
    public static async Task<SqliteDatabase> OpenAsync(SqliteOptions options, CancellationToken cancellationToken = default) =>
        await Task.Run(() => Open(options), cancellationToken);

    /// <summary>Size of the database file and its write-ahead log, in bytes.</summary>
    public long FileBytes()
    {
        var bytes = 0L;
        foreach (var suffix in new[] { "", "-wal" })
        {
            var file = new FileInfo(Options.FilePath + suffix);
            bytes += file.Exists ? file.Length : 0;
        }

        return bytes;
    }

    /// <summary>Runs statements that may not be inside a transaction, on a connection of their own and off the caller's thread.</summary>
    /// <exception cref="DatabaseException">The database cannot be read or written.</exception>
    internal Task RunAloneAsync(Action<SqliteConnection> run, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                try
                {
                    using var connection = Connect(Options, Options.ReadOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate);
                    using var stop = cancellationToken.UnsafeRegister(
                        static handle => SQLitePCL.raw.sqlite3_interrupt((SQLitePCL.sqlite3)handle!),
                        connection.Handle
                    );
                    run(connection);
                }
                catch (SqliteException) when (cancellationToken.IsCancellationRequested)
                {
                    throw new OperationCanceledException(cancellationToken);
                }
                catch (SqliteException error)
                {
                    throw SqliteErrors.From(error, Options.FilePath);
                }
            },
            cancellationToken
        );

    /// <summary>Opens another writing connection, for long work in transactions of its own.</summary>
    /// <exception cref="DatabaseException">The database cannot be opened.</exception>
    internal WriteSession OpenWriteSession()
    {
        try
        {
            return new WriteSession(Connect(Options, SqliteOpenMode.ReadWriteCreate), Options.FilePath);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.From(error, Options.FilePath);
        }
    }

    /// <summary>Finishes all accepted writes, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Writer is not null)
        {
            await Writer.DisposeAsync();
        }

        Readers.Dispose();
    }

    private static SqliteDatabase Open(SqliteOptions options)
    {
        var path = options.FilePath;
        try
        {
            if (options.ReadOnly)
            {
                CheckExists(path);
                var readers = new ReaderPool(() => Connect(options, SqliteOpenMode.ReadOnly), path, options.MaxReaders);
                using var first = Connect(options, SqliteOpenMode.ReadOnly);
                CheckVersion(first, path, readOnly: true);
                return new SqliteDatabase(options, null, readers);
            }

            CreateDirectory(path);
            OwnFiles.Protect(path);
            var connection = Connect(options, SqliteOpenMode.ReadWriteCreate);
            try
            {
                Prepare(connection, path);
                return new SqliteDatabase(
                    options,
                    new WriteQueue<WriteSession>(new WriteSession(connection, path), options.MaxPendingBytes),
                    new ReaderPool(() => Connect(options, SqliteOpenMode.ReadWrite), path, options.MaxReaders)
                );
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.From(error, path);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new DatabaseException(DatabaseProblem.AccessDenied, $"{path}: {error.Message} Choose another data directory.", error);
        }
        catch (IOException error)
        {
            throw new DatabaseException(DatabaseProblem.Other, $"{path}: {error.Message} Choose another data directory.", error);
        }
    }

    private static void CreateDirectory(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else if (!Directory.Exists(directory))
        {
            // Traces show what somebody looked for, so only the owner may read them.
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void CheckExists(string path)
    {
        if (!File.Exists(path))
        {
            throw new DatabaseException(
                DatabaseProblem.NotFound,
                $"There is no database at {path}. Import traces or start dht-tracer first, or choose the data directory with --data "
                    + "or DHT_TRACER_DATA."
            );
        }
    }

    private static void Prepare(SqliteConnection connection, string path)
    {
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema") == 0 && Migrations.Version(connection) == 0)
        {
            // These two must precede the first table. Incremental vacuum returns the space of deleted traces.
            connection.Execute("PRAGMA auto_vacuum = INCREMENTAL");
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
        }

        CheckVersion(connection, path, readOnly: false);

        // WAL: readers never wait for the writer. FULL: a commit survives a power failure, and it is acknowledged only then.
        // https://www.sqlite.org/wal.html#performance_considerations
        connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL");
        connection.Execute(
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536"
        );
        Migrations.Apply(connection, SchemaVersion);
    }

    private static void CheckVersion(SqliteConnection connection, string path, bool readOnly)
    {
        var empty = connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema") == 0;
        if (!empty && connection.ExecuteScalar<int>("PRAGMA application_id") != ApplicationId)
        {
            throw new DatabaseException(
                DatabaseProblem.NotADatabase,
                $"{path} is an SQLite database of another program. Choose another data directory."
            );
        }

        var version = Migrations.Version(connection);
        if (version > SchemaVersion)
        {
            throw new DatabaseException(
                DatabaseProblem.NewerSchema,
                $"{path} has schema {version}, this program knows up to {SchemaVersion}. Use the newer dht-tracer that wrote it."
            );
        }

        if (readOnly && version < SchemaVersion)
        {
            throw new DatabaseException(
                DatabaseProblem.OlderSchema,
                $"{path} has schema {version}, this program reads {SchemaVersion}. Start dht-tracer once on it: that migrates it."
            );
        }
    }

    private static SqliteConnection Connect(SqliteOptions options, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = options.FilePath,
                Mode = mode,
                Pooling = false,
                DefaultTimeout = Math.Max(1, (int)options.LockTimeout.TotalSeconds),
            }.ToString()
        );
        try
        {
            connection.Open();
            SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle!, (int)options.LockTimeout.TotalMilliseconds);

            // Foreign keys delete a trace's rows by cascade. Half a gigabyte of mapped memory avoids copies when reading hot pages.
            connection.Execute("PRAGMA foreign_keys = ON; PRAGMA mmap_size = 536870912");
            if (mode != SqliteOpenMode.ReadWriteCreate)
            {
                connection.Execute("PRAGMA query_only = ON");
                TallyFunction.Register(connection);
                PeersFunction.Register(connection);
                TailSearch.Register(connection);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
