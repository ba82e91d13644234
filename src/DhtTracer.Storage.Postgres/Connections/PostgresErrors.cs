using System.Net.Sockets;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>Translates PostgreSQL's error codes for users.</summary>
internal static class PostgresErrors
{
    // Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
    public static DatabaseException From(NpgsqlException error, string location) =>
        error switch
        {
            PostgresException { SqlState: "28P01" or "28000" or "42501" } refused => new(
                DatabaseProblem.AccessDenied,
                $"{location} refused the user: {refused.MessageText}. Check user, password and rights.",
                error
            ),
            PostgresException { SqlState: "3D000" } => new(
                DatabaseProblem.NotFound,
                $"{location} does not exist on that server. Create it: createdb DATABASE.",
                error
            ),
            PostgresException { SqlState: "53100" } => new(
                DatabaseProblem.DiskFull,
                $"The disk of {location} is full. Free some space; what was acknowledged is safe.",
                error
            ),
            PostgresException { SqlState: "40P01" or "40001" or "55P03" } => new(
                DatabaseProblem.Locked,
                $"{location}: another process was writing the same rows. Try again.",
                error
            ),
            PostgresException { SqlState: "XX001" or "XX002" } damaged => new(
                DatabaseProblem.Corrupt,
                $"{location} is damaged: {damaged.MessageText}. Use a backup.",
                error
            ),
            PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "53300" } away => new(
                DatabaseProblem.Unavailable,
                $"{location} is not available: {away.MessageText}. DhtTracer goes on when it is back.",
                error
            ),
            PostgresException other => new(DatabaseProblem.Other, $"{location}: {other.MessageText}", error),
            { InnerException: SocketException or IOException or TimeoutException } => new(
                DatabaseProblem.Unavailable,
                $"{location} cannot be reached: {error.InnerException.Message}. Check that the server runs; "
                    + "DhtTracer goes on when it is back.",
                error
            ),
            { IsTransient: true } => new(DatabaseProblem.Unavailable, $"{location}: {error.Message}", error),
            _ => new(DatabaseProblem.Other, $"{location}: {error.Message}", error),
        };
}
