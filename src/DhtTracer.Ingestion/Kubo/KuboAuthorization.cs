using System.Net.Http.Headers;
using System.Text;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>
/// Credentials for a Kubo's <c>API.Authorizations</c>. They are sent but never shown
/// (<see href="https://github.com/ipfs/kubo/blob/master/docs/config.md#apiauthorizations"/>).
/// </summary>
public sealed class KuboAuthorization
{
    /// <summary>Environment variable with the secret, in the format of <see cref="Parse"/>.</summary>
    public const string Variable = "DHT_TRACER_KUBO_AUTH";

    private const string Bearer = "bearer:";
    private const string Basic = "basic:";

    private KuboAuthorization(AuthenticationHeaderValue header) => Header = header;

    internal AuthenticationHeaderValue Header { get; }

    /// <summary>Parses a secret in the format of Kubo's configuration and of <c>--api-auth</c>.</summary>
    /// <param name="secret"><c>bearer:TOKEN</c> or <c>basic:USER:PASSWORD</c>.</param>
    /// <exception cref="KuboException">The text has neither format. The message does not repeat it.</exception>
    public static KuboAuthorization Parse(string secret)
    {
        if (secret.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && IsToken(secret[Bearer.Length..]))
        {
            return new KuboAuthorization(new AuthenticationHeaderValue("Bearer", secret[Bearer.Length..]));
        }

        return
            secret.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && secret[Basic.Length..].Contains(':', StringComparison.Ordinal)
            ? OfUser(secret[Basic.Length..])
            : throw new KuboException(KuboProblem.BadRequest, "The authorization of a Kubo is bearer:TOKEN or basic:USER:PASSWORD.");
    }

    /// <summary>Makes credentials from the user info of a URL.</summary>
    /// <param name="userInfo"><c>user:password</c>, percent-encoded as in the URL.</param>
    public static KuboAuthorization OfUserInfo(string userInfo) => OfUser(Uri.UnescapeDataString(userInfo));

    /// <inheritdoc/>
    public override string ToString() => Header.Scheme;

    private static KuboAuthorization OfUser(string user) =>
        new(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user))));

    private static bool IsToken(string text) => text.Length > 0 && text.All(static character => character is > ' ' and <= '~');
}
