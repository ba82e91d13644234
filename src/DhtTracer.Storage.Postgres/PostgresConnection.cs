using System.Globalization;
using Npgsql;

namespace DhtTracer.Storage.Postgres;

/// <summary>Reads how users write a database: <c>postgres://user@host:port/database</c>, or <c>Host=...;Database=...</c>.</summary>
public static class PostgresConnection
{
    /// <summary>Environment variable that names a file with the password.</summary>
    public const string PasswordFileVariable = "DHT_TRACER_DATABASE_PASSWORD_FILE";

    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    /// <summary>Whether a text is a database, and not a folder.</summary>
    public static bool IsConnection(string text) =>
        Array.Exists(Schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        || text.TrimStart().StartsWith("Host=", StringComparison.OrdinalIgnoreCase);

    /// <summary>Makes a connection string of Npgsql.</summary>
    /// <param name="text">What the user wrote. Other users of the machine may see it, so it must not hold a password.</param>
    /// <param name="passwordFile">File with the password in its first line; null for none. Without it, Npgsql looks into
    /// <c>PGPASSWORD</c> and <c>PGPASSFILE</c>.</param>
    /// <exception cref="FormatException">It cannot be read, or holds a password.</exception>
    public static string Parse(string text, string? passwordFile = null)
    {
        var builder = Array.Exists(Schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            ? FromAddress(text)
            : FromPairs(text);
        if (!string.IsNullOrEmpty(builder.Password))
        {
            throw new FormatException(
                "A password does not belong into --data or DHT_TRACER_DATA: other users can see it in the list of processes. Put it into "
                    + "the environment variable PGPASSWORD, into a file that PGPASSFILE names (~/.pgpass), or into a file that "
                    + $"{PasswordFileVariable} names."
            );
        }

        if (string.IsNullOrEmpty(builder.Host))
        {
            throw new FormatException("The database has no host. Write postgres://user@host:5432/database.");
        }

        if (passwordFile is not null)
        {
            builder.Password = PasswordOf(passwordFile);
        }

        return builder.ConnectionString;
    }

    /// <summary>How messages name a database: without its password and its other settings.</summary>
    public static string Describe(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        var user = string.IsNullOrEmpty(builder.Username) ? "" : builder.Username + "@";
        return string.Create(CultureInfo.InvariantCulture, $"postgres://{user}{builder.Host}:{builder.Port}/{builder.Database}");
    }

    private static NpgsqlConnectionStringBuilder FromPairs(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text);
        }
#pragma warning disable MA0054 // The inner exception may repeat the text, and with it a password.
        catch (ArgumentException)
        {
            throw new FormatException("The database is not written as Host=...;Port=...;Username=...;Database=...");
        }
#pragma warning restore MA0054
    }

    private static NpgsqlConnectionStringBuilder FromAddress(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
        {
            throw new FormatException("The database is not written as postgres://user@host:5432/database.");
        }

        var user = address.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(address.Host) };
        if (address.Port > 0)
        {
            builder.Port = address.Port;
        }

        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        if (address.AbsolutePath.Trim('/') is { Length: > 0 } database)
        {
            builder.Database = Uri.UnescapeDataString(database);
        }

        foreach (var pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            Set(builder, Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : ""));
        }

        return builder;
    }

    // The names of libpq (https://www.postgresql.org/docs/current/libpq-connect.html) that people use in addresses, else Npgsql's.
    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        var key = name switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            "sslcert" => "SSL Certificate",
            "sslkey" => "SSL Key",
            "host" => "Host",
            "passfile" => "Passfile",
            _ => name,
        };
        try
        {
            builder[key] = key == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
#pragma warning disable MA0054 // As above.
        catch (Exception error) when (error is ArgumentException or KeyNotFoundException or FormatException)
        {
            throw new FormatException($"The database has the setting {name}, which is not known or has a wrong value.");
        }
#pragma warning restore MA0054
    }

    private static string PasswordOf(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault() is { Length: > 0 } password
                ? password
                : throw new FormatException($"{file}, which {PasswordFileVariable} names, is empty.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{file}, which {PasswordFileVariable} names, cannot be read: {error.Message}", error);
        }
    }
}
