using Dapper;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>Keys that sign the tokens of the site's forms. All processes of an archive share them.</summary>
internal static class SiteKeys
{
    public static IReadOnlyList<string> Read(NpgsqlDataSource source, string location)
    {
        try
        {
            using var connection = source.OpenConnection();
            return connection.Query<string>("SELECT xml FROM site_key ORDER BY no").AsList();
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.From(error, location);
        }
    }

    public static void Add(NpgsqlDataSource source, string location, string xml)
    {
        try
        {
            using var connection = source.OpenConnection();
            connection.Execute("INSERT INTO site_key (xml) VALUES (@xml)", new { xml });
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.From(error, location);
        }
    }
}
