using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>Translates SQLite's result codes for users.</summary>
internal static class SqliteErrors
{
    // Result codes: https://www.sqlite.org/rescode.html
    public static DatabaseException From(SqliteException error, string path) =>
        error.SqliteErrorCode switch
        {
            26 => new(
                DatabaseProblem.NotADatabase,
                $"{path} is not an SQLite database. Move it away, or choose another data directory.",
                error
            ),
            5 or 6 => new(
                DatabaseProblem.Locked,
                $"{path} is locked by another process that is writing. Try again, or stop that process.",
                error
            ),
            13 => new(
                DatabaseProblem.DiskFull,
                $"The disk that holds {path} is full. Free some space; what was acknowledged is safe.",
                error
            ),
            3 or 8 or 14 or 23 => new(
                DatabaseProblem.AccessDenied,
                $"{path} cannot be opened for writing ({error.Message}). Check who owns the data directory.",
                error
            ),
            11 => new(
                DatabaseProblem.Corrupt,
                $"{path} is damaged ({error.Message}). Stop the program and try `sqlite3 {path} .recover`.",
                error
            ),
            _ => new(DatabaseProblem.Other, $"{path}: {error.Message}", error),
        };
}
