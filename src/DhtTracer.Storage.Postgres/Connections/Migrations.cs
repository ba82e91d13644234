using System.Globalization;
using System.Reflection;
using Dapper;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>
/// The embedded numbered scripts of <c>/migrations/postgres</c>. The table <c>schema_version</c> holds the number of the last applied one.
/// </summary>
internal static class Migrations
{
    // Any number that no other program uses: "DHTt" and 0.
    private const long Lock = 0x44485474_00000000;

    /// <summary>The scripts in order. Script n creates schema version n.</summary>
    public static IReadOnlyList<string> Scripts { get; } = Load();

    /// <summary>The version of the archive; null if there is none.</summary>
    public static int? Version(NpgsqlConnection connection, string schema) =>
        connection.ExecuteScalar<string?>("SELECT to_regclass(quote_ident(@schema) || '.schema_version')::text", new { schema }) is null
            ? null
            : connection.ExecuteScalar<int>("SELECT version FROM schema_version");

    /// <summary>Applies the missing scripts in one transaction. Another process that starts at the same time waits.</summary>
    public static void Apply(NpgsqlConnection connection, string schema)
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute("SELECT pg_advisory_xact_lock(@Lock)", new { Lock });
        var version = Version(connection, schema) ?? 0;
        if (version < Scripts.Count)
        {
            if (version == 0)
            {
                // The name is an option of the program, not of a user; quoted all the same.
                connection.Execute($"CREATE SCHEMA IF NOT EXISTS \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
                connection.Execute("CREATE TABLE schema_version (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL)");
                connection.Execute("INSERT INTO schema_version VALUES (1, 0)");
            }

            foreach (var script in Scripts.Skip(version))
            {
                connection.Execute(script);
            }

            connection.Execute("UPDATE schema_version SET version = @version", new { version = Scripts.Count });
        }

        transaction.Commit();
    }

    private static List<string> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var names = assembly
            .GetManifestResourceNames()
            .Where(static name => name.StartsWith("migrations/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        var scripts = new List<string>();
        foreach (var name in names)
        {
            var number = int.Parse(name.AsSpan("migrations/".Length, 4), NumberStyles.None, CultureInfo.InvariantCulture);
            if (number != scripts.Count + 1)
            {
                throw new InvalidOperationException($"{name}: expected migration number {scripts.Count + 1}");
            }

            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            scripts.Add(reader.ReadToEnd());
        }

        return scripts;
    }
}
