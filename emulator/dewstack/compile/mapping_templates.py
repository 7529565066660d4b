"""The mapping templates (VTL) that a Lambda integration without a proxy has by default.

They are part of the template, so they are the Serverless Framework's to the letter (osls 4.3.1, MIT License,
Serverless, Inc. and contributors): what reaches the function must not depend on which of the two deployed it.
"""

CLAIMS = "extraCognitoPoolClaims"
"""Stands where the claims go that an authorizer picks."""

_EVENT = r"""
  #define( $loop )
    {
    #foreach($key in $map.keySet())
        #set( $k = $util.escapeJavaScript($key) )
        #set( $v = $util.escapeJavaScript($map.get($key)).replaceAll("\\'", "'") )
        "$k":
          "$v"
          #if( $foreach.hasNext ) , #end
    #end
    }
  #end

  {
    "body": $body,
    "method": "$context.httpMethod",
    "principalId": "$context.authorizer.principalId",
    "stage": "$context.stage",

    "cognitoPoolClaims" : {
       extraCognitoPoolClaims
       "sub": "$context.authorizer.claims.sub"
    },

    #set( $map = $context.authorizer )
    "enhancedAuthContext": $loop,

    #set( $map = $input.params().header )
    "headers": $loop,

    #set( $map = $input.params().querystring )
    "query": $loop,

    #set( $map = $input.params().path )
    "path": $loop,

    #set( $map = $context.identity )
    "identity": $loop,

    #set( $map = $stageVariables )
    "stageVariables": $loop,

    "requestPath": "$context.resourcePath"
  }

  """
_JSON_BODY = r"""
    #set( $body = $input.json("$") )

    """
_FORM_BODY = r"""
    #define( $body )
      {
      #foreach( $token in $input.path('$').split('&') )
        #set( $keyVal = $token.split('=') )
        #set( $keyValSize = $keyVal.size() )
        #if( $keyValSize >= 1 )
          #set( $key = $util.escapeJavaScript($util.urlDecode($keyVal[0])) )
          #if( $keyValSize >= 2 )
            #set($val = $util.escapeJavaScript($util.urlDecode($keyVal[1])).replaceAll("\\'","'"))
          #else
            #set( $val = '' )
          #end
          "$key": "$val"#if($foreach.hasNext),#end
        #end
      #end
      }
    #end

    """


def default_request_templates() -> dict[str, str | None]:
    """The templates by content type."""
    return {
        "application/json": f"{_JSON_BODY}{_EVENT}",
        "application/x-www-form-urlencoded": f"{_FORM_BODY}{_EVENT}",
    }
