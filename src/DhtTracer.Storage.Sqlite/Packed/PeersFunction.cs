using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Packed;

/// <summary>An SQL function that reads the packed peers of a query: whether it dialed or asked a peer.</summary>
internal static class PeersFunction
{
    private const string Name = "peers_have";

    /// <summary>Registers the function on a connection.</summary>
    public static void Register(SqliteConnection connection) =>
        connection.CreateFunction<byte[]?, long, bool>(
            Name,
            static (peers, peer) => peers is not null && PeerIndex.Contacted(peers).Contains(peer),
            isDeterministic: true
        );

    /// <summary>SQL condition: the packed peers of <c>x</c> contain the peer whose number is in a parameter.</summary>
    public static string Condition(string parameter) => $"{Name}(x.data, @{parameter})";
}
