using System.Globalization;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>
/// The embedded numbered scripts of <c>/migrations</c>. <c>PRAGMA user_version</c> holds the number of the last applied script.
/// </summary>
internal static class Migrations
{
    /// <summary>The scripts in order. Script n creates schema version n.</summary>
    public static IReadOnlyList<string> Scripts { get; } = Load();

    /// <summary>Applies the missing scripts. Each script and its version number are one transaction.</summary>
    public static void Apply(SqliteConnection connection, int upTo)
    {
        for (var version = Version(connection) + 1; version <= upTo; version++)
        {
            using var transaction = connection.BeginTransaction(deferred: false);

            // Another process may have applied the script while this one waited for the lock.
            if (Version(connection) < version)
            {
                connection.Execute(Scripts[version - 1], transaction: transaction);
                connection.Execute(
                    string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}"),
                    transaction: transaction
                );
            }

            transaction.Commit();
        }
    }

    public static int Version(SqliteConnection connection) => connection.ExecuteScalar<int>("PRAGMA user_version");

    private static List<string> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var names = assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith("migrations/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
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
