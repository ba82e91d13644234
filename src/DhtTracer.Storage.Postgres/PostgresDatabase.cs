using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Writing;
using Npgsql;

namespace DhtTracer.Storage.Postgres;

/// <summary>Opens, checks and migrates the archive on a PostgreSQL server.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private PostgresDatabase(PostgresOptions options, NpgsqlDataSource source, string location)
    {
        (Options, _source, Location) = (options, source, location);
        Strings = new StringTables(source);
        Readers = new ReaderPool(source, location, options.MaxReaders);
        Writer = options.ReadOnly
            ? null
            : new WriteQueue<WriteSession>(new WriteSession(source, Strings, Others, location), options.MaxPendingBytes);
    }

    public PostgresOptions Options { get; }

    /// <summary>Where it is, without a password.</summary>
    public string Location { get; }

    public StringTables Strings { get; }

    /// <summary>Notices the writes of other processes.</summary>
    public OtherWriters Others { get; } = new();

    public ReaderPool Readers { get; }

    /// <summary>Null if it was opened for reading only.</summary>
    public WriteQueue<WriteSession>? Writer { get; }

    /// <summary>Opens connections.</summary>
    public NpgsqlDataSource Source => _source;

    /// <summary>Opens it. Unless it is opened for reading only, creates the tables if they are missing and migrates them if they are
    /// old.</summary>
    /// <exception cref="DatabaseException">The database cannot be opened. The message gives the reason and the remedy.</exception>
    public static Task<PostgresDatabase> OpenAsync(PostgresOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Open(options), cancellationToken);

    /// <summary>Finishes all accepted writes, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Writer is not null)
        {
            await Writer.DisposeAsync();
        }

        Readers.Dispose();
        await _source.DisposeAsync();
    }

    private static PostgresDatabase Open(PostgresOptions options)
    {
        var location = PostgresConnection.Describe(options.ConnectionString);
        var builder = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = options.Schema,
            ApplicationName = "dht-tracer",
            MaxAutoPrepare = 100,
            MaxPoolSize = (options.MaxReaders * 2) + 6,

            // Connections of a server that went away are noticed, and pages say so in time.
            Timeout = 5,
            CommandTimeout = 0,
            KeepAlive = 30,
        };
        var source = new NpgsqlDataSourceBuilder(builder.ConnectionString).Build();
        try
        {
            using var connection = source.OpenConnection();
            Check(connection, options, location);
            return new PostgresDatabase(options, source, location);
        }
        catch (NpgsqlException error)
        {
            source.Dispose();
            throw PostgresErrors.From(error, location);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static void Check(NpgsqlConnection connection, PostgresOptions options, string location)
    {
        const int Oldest = 15;
        if (connection.PostgreSqlVersion.Major < Oldest)
        {
            throw new DatabaseException(
                DatabaseProblem.Other,
                $"{location} is PostgreSQL {connection.PostgreSqlVersion}; DhtTracer needs {Oldest} or newer."
            );
        }

        var version = Migrations.Version(connection, options.Schema);
        if (version > Migrations.Scripts.Count)
        {
            throw new DatabaseException(
                DatabaseProblem.NewerSchema,
                $"{location} has schema {version}, this program knows up to {Migrations.Scripts.Count}. "
                    + "Use the newer dht-tracer that wrote it."
            );
        }

        if (!options.ReadOnly)
        {
            Migrations.Apply(connection, options.Schema);
        }
        else if (version is null)
        {
            throw new DatabaseException(
                DatabaseProblem.NotFound,
                $"There is no archive in {location}. Import traces or start dht-tracer first, or choose another database."
            );
        }
        else if (version < Migrations.Scripts.Count)
        {
            throw new DatabaseException(
                DatabaseProblem.OlderSchema,
                $"{location} has schema {version}, this program reads {Migrations.Scripts.Count}. "
                    + "Start dht-tracer once on it: that migrates it."
            );
        }
    }
}
