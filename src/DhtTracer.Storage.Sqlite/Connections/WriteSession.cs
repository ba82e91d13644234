using DhtTracer.Storage.Packed;
using DhtTracer.Storage.Writing;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>The context of a write: the only writing connection, its prepared statements and its interned strings.</summary>
internal sealed class WriteSession : IWriteSession, IStringNumbers
{
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);
    private readonly string _path;
    private long? _dataVersion;

    public WriteSession(SqliteConnection connection, string path)
    {
        _path = path;
        Connection = connection;
        Texts = new Interner(
            new Statement(connection, "SELECT no FROM text WHERE value = ?1"),
            new Statement(connection, "INSERT INTO text (value) VALUES (?1) RETURNING no"),
            static (statement, text) => statement.Bind(1, text)
        );
        Peers = new Interner(PeerTable.PrepareFind(connection), PeerTable.PrepareInsert(connection), PeerTable.Bind);
    }

    public SqliteConnection Connection { get; }

    public Interner Texts { get; }

    public Interner Peers { get; }

    /// <summary>Numbers of operations. A rollback empties this.</summary>
    public Dictionary<(string Service, string Name, int Kind), long> Operations { get; } = [];

    /// <summary>The prepared statement for a constant SQL text.</summary>
    public Statement this[string sql]
    {
        get
        {
            if (!_statements.TryGetValue(sql, out var statement))
            {
                statement = new Statement(Connection, sql);
                _statements.Add(sql, statement);
            }

            return statement;
        }
    }

    /// <inheritdoc/>
    long IStringNumbers.OfPeer(string peer) => Peers.Intern(peer);

    /// <inheritdoc/>
    long IStringNumbers.OfText(string text) => Texts.Intern(text);

    /// <summary>Whether another connection has committed since the last call.</summary>
    public bool OthersWrote()
    {
        // The value changes only when another connection commits: https://www.sqlite.org/pragma.html#pragma_data_version
        var current = this["PRAGMA data_version"].RunScalar() ?? 0;
        var before = _dataVersion;
        _dataVersion = current;
        return before is { } known && known != current;
    }

    public void Begin() => this["BEGIN IMMEDIATE"].Run();

    /// <inheritdoc/>
    /// <exception cref="DatabaseException">The file is gone. The system would still take writes to it, until the process ends.</exception>
    public void Commit()
    {
        if (!File.Exists(_path))
        {
            throw new DatabaseException(
                DatabaseProblem.Unavailable,
                $"{_path} is gone: the file or its directory was deleted or moved. Nothing is stored until it is back. Put it back, or "
                    + "restart dht-tracer to begin a new archive."
            );
        }

        this["COMMIT"].Run();
    }

    public void Rollback()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Reset();
        }

        // Some errors (disk full, out of memory) have already rolled back: https://www.sqlite.org/lang_transaction.html
        if (SQLitePCL.raw.sqlite3_get_autocommit(Connection.Handle!) == 0)
        {
            this["ROLLBACK"].Run();
        }

        Texts.Forget();
        Peers.Forget();
        Operations.Clear();
    }

    public Exception Translate(Exception error) => error is SqliteException sqlite ? SqliteErrors.From(sqlite, _path) : error;

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        Texts.Dispose();
        Peers.Dispose();
        Connection.Dispose();
    }
}
